/* Steps and questions that are closed are not drawn until somebody opens them: a form of 300
   questions would be 90,000 elements. A closed one is the state that Wagtail was to draw, kept as it
   is. A step posts its whole state as one value of JSON, open or closed, so that opening a step is
   not a change; the server reads it in forms/builder/lazy_blocks.py. */
(function () {
  "use strict";

  const { StructBlock, StructBlockDefinition } = window.wagtailStreamField.blocks;
  const packing = new Set();

  /* What a control posts, as one value: nothing, a text, or several. */
  function said(values, definition) {
    const isRich = (definition.meta.classname || "").includes("draftail");
    const kept = (isRich ? values.map(richWords) : values).filter((one) => one !== "");
    return kept.length > 1 ? kept : kept[0];
  }

  /* Formatted words in the same letters, whether the editor of words has read them or not. */
  function richWords(text) {
    const content = JSON.parse(text || "null");
    const isEmpty = !content || content.blocks.every((one) => !one.text && one.type !== "atomic");
    if (isEmpty) return "";
    return JSON.stringify(inOrder({ ...content, blocks: content.blocks.map((one) => ({ data: {}, ...one })) }));
  }

  function inOrder(value) {
    if (Array.isArray(value)) return value.map(inOrder);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.keys(value).sort().map((name) => [name, inOrder(value[name])]));
  }

  function saidBy(state, definition) {
    if (state === null || state === undefined || state === false) return undefined;
    if (state === true) return "on";
    if (Array.isArray(state)) return said(state.map(String), definition);
    return said([typeof state === "object" ? JSON.stringify(state) : String(state)], definition);
  }

  /* A block that is not drawn, from its state. */
  function packState(definition, state) {
    if (definition.childBlockDef || definition.groupedChildBlockDefs) {
      return (state || []).map((one) => ({
        id: one.id,
        type: one.type || undefined,
        value: packState(definition.childBlockDef || definition.childBlockDefsByName[one.type], one.value),
      }));
    }
    if (!definition.childBlockDefs) return saidBy(state, definition);
    return packParts(definition, (part) => packState(part, state && state[part.name]));
  }

  function packParts(definition, pack) {
    return Object.fromEntries(definition.childBlockDefs.map((part) => [part.name, pack(part)]));
  }

  /* A block that is drawn, from what its controls are about to post. */
  function packBlock(drawn, data) {
    if (drawn.isAsleep) return packState(drawn.blockDef, drawn.state);
    const block = drawn.block || drawn;
    if (block.children) {
      return block.children.map((one) => ({ id: one.id, type: one.type || undefined, value: packBlock(one.block, data) }));
    }
    if (!block.childBlocks) return said(data.getAll(block.prefix), block.blockDef);
    return packParts(block.blockDef, (part) => packBlock(block.childBlocks[part.name], data));
  }

  class LazyStruct {
    constructor(definition, placeholder, prefix, state, error) {
      this.blockDef = definition;
      this.type = definition.name;
      this.prefix = prefix;
      this.state = state || {};
      this.block = null;
      this.element = document.createElement("div");
      this.element.dataset.hubLazy = "";
      this.element.hubLazy = this;
      if (definition.meta.packs) {
        this.input = document.createElement("input");
        this.input.type = "hidden";
        this.input.name = `${prefix}-packed`;
        this.element.append(this.input);
        packing.add(this);
      }
      placeholder.replaceWith(this.element);
      this.offerSettings();
      if (error) this.setError(error);
      // One that stands open, such as one that was just added, is drawn at once.
      queueMicrotask(() => {
        if (this.element.isConnected && !this.element.closest("[hidden]")) this.wake();
        else this.write();
      });
    }

    get isAsleep() { return !this.block; }

    write() {
      if (this.input && this.isAsleep) this.input.value = JSON.stringify(packState(this.blockDef, this.state));
    }

    /* The button of a closed block's settings opens it; the real one then takes its place. */
    offerSettings() {
      const controls = this.element.closest("[data-panel]").querySelector("[data-panel-controls]");
      this.settings = document.createElement("button");
      this.settings.type = "button";
      this.settings.className = "button button--icon text-replace white";
      this.settings.title = "Settings";
      this.settings.innerHTML = 'Settings<svg class="icon icon-cog" aria-hidden="true"><use href="#icon-cog"></use></svg>';
      this.settings.addEventListener("click", () => {
        this.wake();
        controls.querySelector('[data-streamfield-action="SETTINGS"]').click();
      });
      controls.prepend(this.settings);
    }

    wake() {
      if (this.block) return this.block;
      this.settings.remove();
      const place = document.createElement("div");
      this.element.append(place);
      if (this.input) this.input.remove();
      this.block = new StructBlock(this.blockDef, place, this.prefix, this.state);
      this.state = null;
      document.dispatchEvent(new CustomEvent("hub:woken", { detail: this }));
      return this.block;
    }

    /* A value of one of the parts, drawn or not. */
    stateOf(name) {
      if (!this.block) return this.state[name];
      const child = this.block.childBlocks[name];
      return child ? child.getState() : undefined;
    }

    get childBlocks() { return this.wake().childBlocks; }
    get container() { return this.block ? this.block.container : window.jQuery(this.element); }
    getState() { return this.block ? this.block.getState() : this.state; }
    getDuplicatedState() { return this.wake().getDuplicatedState(); }
    getValue() { return this.wake().getValue(); }
    setError(error) { if (error) this.wake().setError(error); }
    focus(options) { this.wake().focus(options); }

    setState(state) {
      if (this.block) this.block.setState(state);
      else { this.state = state; this.write(); }
    }

    getTextLabel(options) {
      if (this.block) return this.block.getTextLabel(options);
      const words = (this.blockDef.meta.labelFormat || "").replace(/\{(\w+)\}/g, (_all, name) => this.state[name] || "").trim();
      const most = options && options.maxLength;
      return most && words.length > most ? `${words.slice(0, most - 1)}…` : words;
    }
  }

  class LazyStructDefinition extends StructBlockDefinition {
    render(placeholder, prefix, state, error) {
      return new LazyStruct(this, placeholder, prefix, state, error);
    }
  }

  document.addEventListener("wagtail:panel-toggle", (event) => {
    if (!event.detail.expanded) return;
    const panel = event.target.closest("[data-panel]");
    const lazy = panel && panel.querySelector(":scope > .w-panel__content > [data-hub-lazy]");
    if (lazy) lazy.hubLazy.wake();
  }, true);

  /* Whoever reads the form (saving, autosave, preview, the map) is given each open step as one value. */
  document.addEventListener("formdata", (event) => {
    const open = new Map();
    packing.forEach((one) => {
      if (!one.element.isConnected) packing.delete(one);
      else if (!one.isAsleep && event.target.contains(one.element)) open.set(one.prefix, one);
    });
    if (!open.size) return;
    const data = event.formData;
    const packed = new Map([...open.values()].map((one) => [one.prefix, JSON.stringify(packBlock(one, data))]));
    const entries = [...data.entries()];
    entries.forEach(([name]) => data.delete(name));
    // In its place among the others: for Wagtail's autosave another order would be a change.
    entries.forEach(([name, value]) => {
      const found = /^(\w+-\d+-value)-/.exec(name);
      if (!found || !open.has(found[1])) {
        data.append(name, value);
      } else if (packed.has(found[1])) {
        data.append(`${found[1]}-packed`, packed.get(found[1]));
        packed.delete(found[1]);
      }
    });
  });

  /* A struct that is a whole field: Wagtail asks such a block for its element. */
  class RootStruct {
    constructor(...parts) {
      const definition = new StructBlockDefinition(...parts);
      definition.render = (...where) => {
        const block = new StructBlock(definition, ...where);
        [block.element] = block.container;
        return block;
      };
      return definition;
    }
  }

  window.telepath.register("cms.blocks.RootStruct", RootStruct);
  window.telepath.register("cms.blocks.LazyStruct", LazyStructDefinition);
})();
