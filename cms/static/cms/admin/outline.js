/* The form as it stands in the editor, unsaved: steps, questions and options, read from Wagtail's
   own blocks. Everything that offers a choice of questions reads it here, so a choice is always of
   what is on the screen. Identity is the block id; words are only for showing. */
(function () {
  "use strict";

  const listeners = new Set();
  const TEXT_LIKE = /^(text|longtext|email|phone|uk_postcode|video_link)$/;
  const state = { outline: null, timer: 0 };

  function rootOf(name) {
    const element = document.getElementById(`${name}-root`) || document.querySelector(`[data-block]#${name}`);
    return element ? element.rootBlock : null;
  }

  /* A value of one part of a block: of its control, or of what it waits to draw (lazy-blocks.js). */
  function valueOf(struct, name) {
    if (struct.stateOf) return struct.stateOf(name);
    const child = struct.childBlocks[name];
    return child && child.getState ? child.getState() : null;
  }

  function optionsOf(type, value) {
    if (type === "yes_no") return [{ id: "yes", label: "Yes" }, { id: "no", label: "No" }];
    const options = value("options");
    return options ? options.map((one) => ({ id: one.id, label: (one.value && one.value.label) || "" })) : null;
  }

  /* A question; `child` is its block in the editor, none while its step is closed. */
  function readQuestion(id, type, number, step, value, child) {
    return {
      kind: "question", id, type, number, step, child, label: value("label") || "", options: optionsOf(type, value), value,
      rule: () => ruleOf(child && child.block, value),
      setRule: (rule) => setRule(child && child.block, rule, () => step.child.block.state.questions.find((one) => one.id === id).value),
    };
  }

  /* The rule of a part: of its control where that is drawn, else as it was saved. */
  function ruleOf(block, value) {
    const control = controlOf(block);
    if (control) return control.rule;
    try {
      return JSON.parse(value("show_if") || "null") || { match: "all", clauses: [] };
    } catch (error) {
      return { match: "all", clauses: [] };
    }
  }

  function controlOf(block) {
    return block && !block.isAsleep && block.childBlocks.show_if ? block.childBlocks.show_if.widget : null;
  }

  function setRule(block, rule, closed) {
    const control = controlOf(block);
    if (control) {
      control.rule = rule;
      control.changed();
      return;
    }
    const state = block ? block.state : closed();
    state.show_if = rule.clauses.length ? JSON.stringify(rule) : "";
    rootOf("steps").children.forEach((step) => step.block.write());
  }

  function questionsOf(child, step, at) {
    if (child.block.isAsleep) {
      return (child.block.state.questions || []).map((one, index) =>
        readQuestion(one.id, one.type, `${at + 1}.${index + 1}`, step, (name) => one.value && one.value[name], null));
    }
    return child.block.childBlocks.questions.children.map((one, index) =>
      readQuestion(one.id, one.type, `${at + 1}.${index + 1}`, step, (name) => valueOf(one.block, name), one));
  }

  function read() {
    const root = rootOf("steps");
    const outline = { steps: [], questions: [], groups: [], byId: new Map() };
    if (!root) return outline;
    root.children.forEach((child, at) => {
      const step = {
        kind: "step",
        id: child.id,
        at,
        number: `${at + 1}`,
        label: valueOf(child.block, "title") || "",
        stepKind: valueOf(child.block, "kind") || "questions",
        repeats: !!valueOf(child.block, "repeats"),
        child,
        questions: [],
        rule: () => ruleOf(child.block, (name) => valueOf(child.block, name)),
        setRule: (rule) => setRule(child.block, rule),
      };
      step.questions = questionsOf(child, step, at);
      outline.steps.push(step);
      outline.byId.set(step.id, step);
      step.questions.forEach((question, index) => {
        question.at = at;
        question.index = index;
        outline.questions.push(question);
        outline.byId.set(question.id, question);
      });
    });
    const groups = rootOf("groups");
    if (groups) {
      groups.children.forEach((child) => {
        const group = { kind: "group", id: child.id, label: valueOf(child.block, "name") || "", child,
          rule: () => child.block.childBlocks.rule.widget.rule };
        outline.groups.push(group);
        outline.byId.set(group.id, group);
      });
    }
    return outline;
  }

  function refresh() {
    state.timer = 0;
    state.outline = read();
    listeners.forEach((listener) => {
      if (listener.element && !listener.element.isConnected) {
        listeners.delete(listener);
      } else {
        listener.update(state.outline);
      }
    });
    nameEditors();
    document.dispatchEvent(new CustomEvent("hub:outline", { detail: state.outline }));
  }

  /* Wagtail gives its editors of words no name of their own: the label beside them is one. */
  function nameEditors() {
    document.querySelectorAll(".public-DraftEditor-content:not([aria-label])").forEach((box) => {
      const part = box.closest("[data-contentpath]:has(> label), [data-panel]");
      const label = part && part.querySelector("label, [data-panel-heading]");
      if (label) box.setAttribute("aria-label", label.textContent.replace("*", "").trim());
    });
  }

  function soon(delay) {
    window.clearTimeout(state.timer);
    state.timer = window.setTimeout(refresh, delay === undefined ? 150 : delay);
  }

  /* Words for one part of the form, with its number so that two alike can be told apart. */
  function name(part) {
    const words = part.label.trim() || (part.kind === "step" ? "Step without a title" : "Question without words");
    return `${part.number}. ${words}`;
  }

  /* Where the control of this widget stands: {step, question} of the outline, {group}, or {whole}
     for what is about the form as a whole, such as its prices. */
  function placeOf(widget, outline) {
    for (const group of outline.groups) {
      if (group.child.element.contains(widget.element)) return { group };
    }
    for (const step of outline.steps) {
      if (!step.child.element.contains(widget.element)) continue;
      const question = step.questions.find((one) => one.child && one.child.element.contains(widget.element));
      return { step, question: question || null };
    }
    return widget.element.isConnected ? { whole: true } : {};
  }

  /* Questions that a rule here may look at: asked before, and in reach of a repeat. */
  function earlier(place, outline) {
    return outline.questions.filter((other) => {
      if (other.type === "info") return false;
      if (place.group || place.whole) return !other.step.repeats;
      if (!place.step) return false;
      if (other.at > place.step.at) return false;
      if (other.at === place.step.at) return !!place.question && other.index < place.question.index;
      return !other.step.repeats;
    });
  }

  function later(question, outline) {
    const parts = [];
    outline.steps.forEach((step) => {
      if (step.at < question.at) return;
      if (step.at > question.at && !question.step.repeats) parts.push(step);
      step.questions.forEach((other) => {
        if (step.at > question.at ? !question.step.repeats : other.index > question.index) parts.push(other);
      });
    });
    return parts;
  }

  function goTo(found) {
    let part = found;
    if (!part.child) { // its step is closed, so it is not drawn yet
      part.step.child.block.wake();
      part = read().byId.get(part.id);
    }
    let panel = part.child.element;
    while (panel) {
      const content = panel.closest(".w-panel__content[hidden]");
      if (!content) break;
      content.dispatchEvent(new Event("beforematch", { bubbles: true }));
      panel = content.parentElement;
    }
    const toggle = part.child.toggleElement;
    if (toggle && toggle.getAttribute("aria-expanded") === "false") toggle.click();
    part.child.element.scrollIntoView({ block: "start" });
    part.child.focus({ soft: true });
  }

  ["input", "change", "click", "keyup"].forEach((kind) =>
    document.addEventListener(kind, () => soon(), { passive: true }),
  );
  document.addEventListener("w-block:ready", () => soon(0));
  document.addEventListener("dragend", () => soon());

  window.hubOutline = {
    subscribe(listener) {
      listeners.add(listener);
      soon(0);
    },
    get current() {
      return state.outline || read();
    },
    refresh,
    soon,
    name,
    placeOf,
    earlier,
    later,
    goTo,
    isText: (type) => TEXT_LIKE.test(type),
  };
})();
