/* The rule of a step or a question: "Show when all of ... is ...", picked from the questions above.
   Three telepath widgets: cms.widgets.Rule (the rule itself), cms.widgets.RuleEffects (the same
   rules, seen from the options they wait for) and cms.widgets.Reference (another question).
   A rule is {match, clauses: [{question, op, value}]}; questions and options are block ids. */
(function () {
  "use strict";

  const outlineOf = window.hubOutline;

  const OP_WORDS = {
    is: "is",
    is_not: "is not",
    one_of: "is one of",
    includes: "includes",
    excludes: "does not include",
    more_than: "is more than",
    less_than: "is less than",
    at_least: "is at least",
    at_most: "is at most",
    before: "is before",
    after: "is after",
    age_on: "gives an age of",
    answered: "has an answer",
    not_answered: "has no answer",
  };
  const NO_VALUE = ["answered", "not_answered"];
  const EITHER = ["answered", "not_answered"];
  const OPS = {
    yes_no: ["is", ...EITHER],
    radios: ["is", "is_not", "one_of", ...EITHER],
    select: ["is", "is_not", "one_of", ...EITHER],
    slot: ["is", "is_not", "one_of", ...EITHER],
    grade: ["is", "is_not", "one_of", ...EITHER],
    checkboxes: ["includes", "excludes", ...EITHER],
    number: ["is", "more_than", "less_than", "at_least", "at_most", ...EITHER],
    money: ["more_than", "less_than", "at_least", "at_most", ...EITHER],
    calculated: ["is", "more_than", "less_than", "at_least", "at_most", ...EITHER],
    date: ["before", "after", "age_on", ...EITHER],
    time: ["before", "after", ...EITHER],
    text: ["is", "is_not", ...EITHER],
    longtext: EITHER,
    uk_postcode: ["is", "is_not", ...EITHER],
  };

  function opsOf(question) {
    return OPS[question.type] || EITHER;
  }

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    Object.entries(attributes || {}).forEach(([name, value]) => {
      if (value === false || value === null || value === undefined) return;
      if (name === "class") element.className = value;
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name === "value") element.value = value;
      else element.setAttribute(name, value === true ? "" : value);
    });
    children.flat().forEach((child) => {
      if (child || child === 0) element.append(child);
    });
    return element;
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", `icon icon-${name}`);
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `#icon-${name}`);
    svg.append(use);
    return svg;
  }

  function select(attributes, options, chosen) {
    const element = make("select", attributes);
    options.forEach(([value, label]) => {
      const option = make("option", { value }, label);
      option.selected = value === chosen;
      element.append(option);
    });
    return element;
  }

  function listed(words, joiner) {
    if (words.length < 2) return words.join("");
    return `${words.slice(0, -1).join(", ")} ${joiner} ${words[words.length - 1]}`;
  }

  function sayDay(text) {
    const day = new Date(`${text}T12:00:00`);
    return Number.isNaN(day.getTime())
      ? text
      : day.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  }

  class RuleControl {
    constructor(placeholder, name, id, initial, extra) {
      this.extra = extra;
      this.name = name;
      this.id = id;
      this.idForLabel = null;
      this.rule = this.parse(initial);
      this.input = make("input", { type: "hidden", name, id });
      this.body = make("div", { class: "hub-rule__body" });
      this.sentence = make("p", { class: "hub-rule__sentence", "aria-live": "polite" });
      this.element = make("div", { class: "hub-rule", role: "group", "aria-label": "Rule" }, this.input, this.body, this.sentence);
      placeholder.replaceWith(this.element);
      this.write();
      outlineOf.subscribe(this);
    }

    parse(value) {
      let rule = value;
      if (typeof value === "string") {
        try {
          rule = JSON.parse(value || "null");
        } catch (error) {
          rule = null;
        }
      }
      return rule && Array.isArray(rule.clauses)
        ? { match: rule.match === "any" ? "any" : "all", clauses: rule.clauses.map((one) => ({ ...one })) }
        : { match: "all", clauses: [] };
    }

    write() {
      this.input.value = this.rule.clauses.length ? JSON.stringify(this.rule) : "";
    }

    /* After any change by a person: keep it, show it, tell the other controls and autosave. */
    changed(focus) {
      this.write();
      this.input.dispatchEvent(new Event("change", { bubbles: true }));
      this.drawn = null;
      this.update(outlineOf.current);
      if (focus) {
        const target = this.element.querySelector(`[data-part="${focus}"]`);
        if (target) target.focus();
      }
    }

    add(clause) {
      this.rule.clauses.push(clause || { question: "", op: "is" });
      this.changed(`question-${this.rule.clauses.length - 1}`);
    }

    remove(index) {
      this.rule.clauses.splice(index, 1);
      this.changed(this.rule.clauses.length ? `remove-${Math.max(0, index - 1)}` : "add");
    }

    choices(outline) {
      this.place = outlineOf.placeOf(this, outline);
      this.questions = outlineOf.earlier(this.place, outline);
      this.groups = this.place.group ? [] : outline.groups.filter((group) => group.label);
    }

    update(outline) {
      this.choices(outline);
      const looks = JSON.stringify([
        this.rule,
        this.rule.clauses.length > 0 && this.questions.map((one) => [one.id, one.type, outlineOf.name(one), one.options, one.step.label]),
        this.rule.clauses.length > 0 && this.groups.map((one) => [one.id, one.label]),
        this.questions.length > 0 || this.groups.length > 0,
      ]);
      if (looks === this.drawn) return;
      this.drawn = looks;
      const held = this.element.contains(document.activeElement) && document.activeElement.dataset.part;
      this.body.replaceChildren(...this.draw());
      this.sentence.textContent = this.rule.clauses.length ? this.say() : "";
      this.sentence.hidden = !this.rule.clauses.length;
      if (held) {
        const again = this.element.querySelector(`[data-part="${held}"]`);
        if (again) again.focus();
      }
    }

    draw() {
      const nothing = !this.questions.length && !this.groups.length;
      if (!this.rule.clauses.length) {
        return [
          make("span", { class: "hub-rule__everyone" }, this.place.group ? "Not set yet." : this.place.whole ? "Everyone." : "Everyone who comes this far."),
          make("button", {
            type: "button",
            class: "button button-small button-secondary",
            "data-part": "add",
            disabled: nothing,
            title: nothing ? "There is no earlier question yet" : null,
            onclick: () => this.add(),
          }, this.place.group ? "Add a condition" : "Only when…"),
        ];
      }
      const rows = this.rule.clauses.map((clause, index) => this.drawClause(clause, index));
      const parts = [];
      if (rows.length > 1) {
        const match = select({ class: "hub-rule__match", "data-part": "match", "aria-label": "All or any of the conditions",
          onchange: (event) => { this.rule.match = event.target.value; this.changed("match"); } },
          [["all", "all"], ["any", "any"]], this.rule.match);
        parts.push(make("p", { class: "hub-rule__lead" }, this.place.whole ? "When " : "Show when ", match, " of these are true"));
      } else {
        parts.push(make("p", { class: "hub-rule__lead" }, this.place.group || this.place.whole ? "True when" : "Show when"));
      }
      parts.push(make("ul", { class: "hub-rule__clauses" }, rows));
      parts.push(make("button", { type: "button", class: "button button-small button-secondary", "data-part": "add",
        onclick: () => this.add() }, "Add another condition"));
      return parts;
    }

    drawClause(clause, index) {
      const question = this.questions.find((one) => one.id === clause.question);
      const group = this.groups.find((one) => one.id === clause.group);
      const row = make("li", { class: "hub-rule__clause" }, this.drawQuestion(clause, index, question, group));
      if (question) {
        row.append(this.drawOp(clause, index, question));
        const control = this.drawValue(clause, index, question);
        if (control) row.append(control);
      }
      row.append(make("button", { type: "button", class: "button button-small button--icon text-replace hub-rule__remove",
        "data-part": `remove-${index}`, title: "Remove this condition", "aria-label": `Remove condition ${index + 1}`,
        onclick: () => this.remove(index) }, icon("bin")));
      const problem = this.problem(clause, question, group);
      if (problem) row.append(make("p", { class: "hub-rule__problem" }, icon("warning"), problem));
      return row;
    }

    drawQuestion(clause, index, question, group) {
      const chosen = group ? `group:${group.id}` : question ? question.id : "";
      const control = make("select", { "data-part": `question-${index}`, "aria-label": `Condition ${index + 1}: question`,
        onchange: (event) => this.choose(index, event.target.value) });
      const missing = (clause.question || clause.group) && !question && !group;
      control.append(make("option", { value: "" }, missing ? "A question that is not above any more" : "Choose a question"));
      let fold = null;
      let inStep = null;
      this.questions.forEach((one) => {
        if (one.step !== inStep) {
          inStep = one.step;
          fold = make("optgroup", { label: outlineOf.name(one.step) });
          control.append(fold);
        }
        fold.append(make("option", { value: one.id }, outlineOf.name(one)));
      });
      if (this.groups.length) {
        control.append(make("optgroup", { label: "Named rules" },
          this.groups.map((one) => make("option", { value: `group:${one.id}` }, one.label))));
      }
      control.value = chosen;
      return control;
    }

    choose(index, value) {
      if (value.startsWith("group:")) {
        this.rule.clauses[index] = { group: value.slice(6) };
      } else {
        const question = this.questions.find((one) => one.id === value);
        const clause = { question: value, op: question ? opsOf(question)[0] : "is" };
        if (question && question.options && question.options.length) clause.value = question.options[0].id;
        this.rule.clauses[index] = clause;
      }
      this.changed(`question-${index}`);
    }

    drawOp(clause, index, question) {
      const ops = opsOf(question);
      const known = ops.includes(clause.op) ? ops : [clause.op, ...ops];
      return select({ class: "hub-rule__op", "data-part": `op-${index}`, "aria-label": `Condition ${index + 1}: comparison`,
        onchange: (event) => {
          clause.op = event.target.value;
          if (NO_VALUE.includes(clause.op)) delete clause.value;
          else if (clause.op === "one_of") clause.value = [].concat(clause.value || []);
          else if (Array.isArray(clause.value)) clause.value = clause.value[0];
          if (clause.op !== "age_on") ["date", "at_least", "at_most"].forEach((part) => delete clause[part]);
          else { delete clause.value; clause.date = clause.date || "today"; }
          this.changed(`op-${index}`);
        } }, known.map((op) => [op, OP_WORDS[op] || op]), clause.op);
    }

    optionsOf(question) {
      if (question.options) return question.options;
      const fixed = this.extra && this.extra[question.type];
      return fixed ? fixed.map(([id, label]) => ({ id, label })) : null;
    }

    drawValue(clause, index, question) {
      if (NO_VALUE.includes(clause.op)) return null;
      const label = `Condition ${index + 1}: value`;
      const part = `value-${index}`;
      if (clause.op === "age_on") return this.drawAge(clause, index);
      const options = this.optionsOf(question);
      if (options && clause.op === "one_of") {
        const chosen = [].concat(clause.value || []);
        return make("span", { class: "hub-rule__ticks", role: "group", "aria-label": label },
          options.map((option, at) => make("label", {}, make("input", { type: "checkbox", "data-part": `${part}-${at}`,
            checked: chosen.includes(option.id),
            onchange: (event) => {
              const now = new Set(chosen);
              if (event.target.checked) now.add(option.id); else now.delete(option.id);
              clause.value = options.filter((one) => now.has(one.id)).map((one) => one.id);
              this.changed(`${part}-${at}`);
            } }), " ", option.label || "Option without words")));
      }
      if (options) {
        const known = options.some((option) => option.id === clause.value);
        return select({ "data-part": part, "aria-label": label,
          onchange: (event) => { clause.value = event.target.value; this.changed(part); } },
          [...(known ? [] : [["", clause.value ? "An option that was deleted" : "Choose an answer"]]),
            ...options.map((option) => [option.id, option.label || "Option without words"])],
          known ? clause.value : "");
      }
      const money = question.type === "money";
      const kinds = { number: "number", money: "number", calculated: "text", date: "date", time: "time" };
      const shown = money && typeof clause.value === "number" ? clause.value / 100 : clause.value;
      const input = make("input", { type: kinds[question.type] || "text", step: money ? "0.01" : "any", "data-part": part,
        "aria-label": label, class: "hub-rule__value", value: shown === undefined ? "" : shown,
        oninput: (event) => {
          const typed = event.target.value;
          if (typed === "") delete clause.value;
          else if (money) clause.value = Math.round(Number(typed) * 100);
          else if (question.type === "number") clause.value = Number(typed);
          else clause.value = typed;
          this.write();
          this.sentence.textContent = this.say();
        },
        onchange: () => this.changed(part) });
      return money ? make("span", { class: "hub-rule__money" }, "£", input) : input;
    }

    drawAge(clause, index) {
      const bound = (name, words) => make("label", { class: "hub-rule__age" }, `${words} `, make("input", { type: "number", min: 0, max: 120,
        "data-part": `${name}-${index}`, value: clause[name] === undefined ? "" : clause[name],
        onchange: (event) => {
          if (event.target.value === "") delete clause[name]; else clause[name] = Number(event.target.value);
          this.changed(`${name}-${index}`);
        } }));
      const fixed = ["today", "offering"].includes(clause.date) ? clause.date : "day";
      const parts = [bound("at_least", "at least"), bound("at_most", "at most"),
        select({ "data-part": `date-${index}`, "aria-label": `Condition ${index + 1}: age on`,
          onchange: (event) => {
            clause.date = event.target.value === "day" ? new Date().toISOString().slice(0, 10) : event.target.value;
            this.changed(`date-${index}`);
          } }, [["today", "today"], ["offering", "the first day"], ["day", "a day"]], fixed)];
      if (fixed === "day") {
        parts.push(make("input", { type: "date", "aria-label": `Condition ${index + 1}: day`, "data-part": `day-${index}`, value: clause.date,
          onchange: (event) => { clause.date = event.target.value; this.changed(`day-${index}`); } }));
      }
      return make("span", { class: "hub-rule__ages" }, parts);
    }

    problem(clause, question, group) {
      if (clause.group) return group ? "" : "That named rule was deleted. Choose another, or remove this condition.";
      if (!clause.question) return "";
      if (!question) {
        const somewhere = outlineOf.current.byId.get(clause.question);
        return somewhere
          ? `“${somewhere.label}” is not asked before this. Move it up, or choose another question.`
          : "That question was deleted. Choose another, or remove this condition.";
      }
      const options = this.optionsOf(question);
      if (!options || NO_VALUE.includes(clause.op)) return "";
      const gone = [].concat(clause.value || []).some((value) => !options.some((option) => option.id === value));
      return gone ? "That option was deleted. Choose another, or remove this condition." : "";
    }

    say() {
      const parts = this.rule.clauses.map((clause) => this.sayClause(clause));
      const lead = this.place && this.place.group ? "True when" : this.place && this.place.whole ? "For those where" : "Shown when";
      return `${lead} ${listed(parts, this.rule.match === "any" ? "or" : "and")}.`;
    }

    sayClause(clause) {
      if (clause.group) {
        const group = this.groups.find((one) => one.id === clause.group);
        return group ? `the rule “${group.label}” is true` : "a deleted rule is true";
      }
      const question = this.questions.find((one) => one.id === clause.question);
      if (!question) return clause.question ? "a question that is not above is answered in some way" : "…";
      const subject = `“${question.label || "Question without words"}”`;
      if (clause.op === "age_on") {
        const { at_least: low, at_most: high } = clause;
        const span = low !== undefined && high !== undefined ? `${low} to ${high}`
          : low !== undefined ? `${low} or over` : high !== undefined ? `${high} or under` : "…";
        const days = { today: "today", offering: "on the first day" };
        return `${subject} gives an age of ${span} ${days[clause.date] || `on ${sayDay(clause.date)}`}`;
      }
      if (NO_VALUE.includes(clause.op)) return `${subject} ${OP_WORDS[clause.op]}`;
      return `${subject} ${OP_WORDS[clause.op]} ${this.sayValue(clause, question)}`;
    }

    sayValue(clause, question) {
      const options = this.optionsOf(question);
      const values = [].concat(clause.value === undefined ? [] : clause.value);
      if (!values.length) return "…";
      const words = values.map((value) => {
        const option = options && options.find((one) => one.id === value);
        if (options) return option ? `“${option.label}”` : "a deleted option";
        if (question.type === "money") return `£${(value / 100).toFixed(2)}`;
        return question.type === "date" ? sayDay(value) : `${value}`;
      });
      return listed(words, "or");
    }

    getState() { return this.input.value; }
    getValue() { return this.rule.clauses.length ? this.rule : null; }
    setState(state) { this.rule = this.parse(state); this.write(); this.drawn = null; outlineOf.soon(0); }
    getTextLabel() { return ""; }
    focus() { const first = this.element.querySelector("select, button"); if (first) first.focus(); }
    setInvalid(invalid) { this.element.classList.toggle("hub-rule--invalid", invalid); }
  }

  /* The same rules from the other side: what each answer of this question leads to. */
  class EffectsControl {
    constructor(placeholder, name, id) {
      this.idForLabel = null;
      this.element = make("div", { class: "hub-effects" });
      this.input = make("input", { type: "hidden", name, id });
      placeholder.replaceWith(this.element);
      this.element.append(this.input);
      outlineOf.subscribe(this);
    }

    update(outline) {
      const question = this.question && outline.byId.get(this.question);
      const mine = question && question.child && question.child.element.contains(this.element)
        ? question
        : outline.questions.find((one) => one.child && one.child.element.contains(this.element));
      if (!mine || !mine.options) return;
      this.question = mine.id;
      const targets = outlineOf.later(mine, outline);
      const rows = mine.options.map((option) => {
        const leads = targets.map((part) => this.leadTo(part, mine, option, outline)).filter(Boolean);
        return { option, leads, hasFree: leads.filter((lead) => lead.isOwn).length < targets.length };
      });
      const looks = JSON.stringify([mine.id, rows.map((row) => [row.option, row.hasFree,
        row.leads.map((lead) => [lead.part.id, outlineOf.name(lead.part), lead.isOwn, lead.also])])]);
      if (looks === this.drawn) return;
      this.drawn = looks;
      const held = this.element.contains(document.activeElement) && document.activeElement.dataset.part;
      this.element.replaceChildren(this.input, ...this.draw(mine, rows));
      if (held) {
        const again = this.element.querySelector(`[data-part="${held}"]`);
        if (again) again.focus();
      }
    }

    waits(clause, question, option) {
      return clause.question === question.id && ["is", "includes", "one_of"].includes(clause.op || "is")
        && [].concat(clause.value === undefined ? [] : clause.value).includes(option.id);
    }

    /* How a part waits for an option, if it does: by its own rule, or by a named one in it. */
    leadTo(part, question, option, outline) {
      const { match, clauses } = part.rule();
      const isOwn = clauses.some((clause) => this.waits(clause, question, option));
      const named = outline.groups.find((group) => clauses.some((clause) => clause.group === group.id)
        && group.rule().clauses.some((clause) => this.waits(clause, question, option)));
      if (!isOwn && !named) return null;
      const isPart = match === "all" && clauses.length > 1;
      const also = isOwn ? (isPart ? "if the rest of its rule is true" : "") : `by the rule “${named.label}”`;
      return { part, isOwn, also };
    }

    draw(question, rows) {
      if (!rows.some((row) => row.leads.length || row.hasFree)) {
        return [make("p", { class: "help" }, "Add a question or a step below this one, and you can say here who is asked it.")];
      }
      return [make("ul", { class: "hub-effects__list" }, rows.map((row, at) => make("li", {},
        make("span", { class: "hub-effects__if" }, "If ", make("b", {}, row.option.label || "an option without words"), row.leads.length ? ", also show" : ""),
        row.leads.map(({ part, isOwn, also }) => make("span", { class: "hub-effects__lead" },
          make("button", { type: "button", class: "hub-effects__go", "data-part": `go-${at}-${part.id}`, title: "Go to it", onclick: () => outlineOf.goTo(part) }, outlineOf.name(part)),
          also && make("span", { class: "hub-effects__also" }, also),
          isOwn && make("button", { type: "button", class: "hub-effects__drop", "data-part": `drop-${at}-${part.id}`,
            "aria-label": `Do not wait for “${row.option.label}” to ask ${outlineOf.name(part)}`, title: "Remove", onclick: () => this.drop(part, question, row.option) }, icon("cross")))),
        this.drawAdd(question, row, at))))];
    }

    /* What else could be shown is listed when somebody goes there: a long form has many parts. */
    drawAdd(question, row, at) {
      if (!row.hasFree) return null;
      const first = make("option", { value: "" }, row.leads.length ? "and…" : "also show…");
      const free = () => {
        const outline = outlineOf.current;
        return outlineOf.later(outline.byId.get(question.id) || question, outline)
          .filter((part) => !part.rule().clauses.some((clause) => this.waits(clause, question, row.option)));
      };
      const control = make("select", { class: "hub-effects__add", "data-part": `add-${at}`, "aria-label": `If ${row.option.label}, also show`,
        onchange: (event) => {
          const found = free().find((part) => part.id === event.target.value);
          if (found) this.connect(found, question, row.option);
        } }, first);
      const fill = () => control.replaceChildren(first, ...free().map((part) => make("option", { value: part.id }, outlineOf.name(part))));
      control.addEventListener("focus", fill);
      control.addEventListener("pointerdown", () => { if (control.options.length < 2) fill(); });
      return control;
    }

    connect(part, question, option) {
      const op = question.type === "checkboxes" ? "includes" : "is";
      const rule = part.rule();
      const own = rule.clauses.find((clause) => clause.question === question.id && ["is", "one_of"].includes(clause.op));
      if (op === "is" && own && question.type !== "yes_no") {
        own.value = [...new Set([].concat(own.value || [], option.id))];
        own.op = own.value.length > 1 ? "one_of" : "is";
        if (own.op === "is") [own.value] = own.value;
      } else if (own) {
        rule.clauses.splice(rule.clauses.indexOf(own), 1, { question: question.id, op, value: option.id });
      } else {
        if (op === "includes" && rule.clauses.length === 1 && rule.clauses[0].question === question.id) rule.match = "any";
        rule.clauses.push({ question: question.id, op, value: option.id });
      }
      this.keep(part, rule);
    }

    drop(listed, question, option) {
      const part = outlineOf.current.byId.get(listed.id); // its step may have been opened since
      const rule = part.rule();
      rule.clauses = rule.clauses.filter((clause) => {
        if (!this.waits(clause, question, option)) return true;
        if (!Array.isArray(clause.value)) return false;
        clause.value = clause.value.filter((value) => value !== option.id);
        if (clause.value.length === 1) { clause.op = "is"; [clause.value] = clause.value; }
        return clause.value.length > 0;
      });
      this.keep(part, rule);
    }

    keep(part, rule) {
      part.setRule(rule);
      this.input.dispatchEvent(new Event("change", { bubbles: true }));
      outlineOf.soon(0);
    }

    getState() { return ""; }
    getValue() { return null; }
    setState() { this.drawn = null; }
    getTextLabel() { return ""; }
    focus() {}
  }

  /* Another question, or a step that is asked several times, of the same form. */
  class ReferenceControl {
    constructor(placeholder, name, id, initial, extra) {
      this.extra = extra;
      this.idForLabel = extra.multiple ? null : `${id}-choice`;
      this.input = make("input", { type: "hidden", name, id });
      this.element = make("div", { class: "hub-reference" }, this.input);
      this.setState(initial);
      placeholder.replaceWith(this.element);
      outlineOf.subscribe(this);
    }

    choices(outline) {
      const place = outlineOf.placeOf(this, outline);
      const kind = this.extra.kind;
      if (kind === "count") return outline.steps.filter((step) => step.repeats);
      const wanted = { number: ["number", "money", "places", "calculated"], amount: ["number", "places", "calculated"], date: ["date"], code: ["code"], remission: ["remission"], choice: ["radios", "select"] }[kind] || [];
      return outlineOf.earlier(place, outline).filter((one) => wanted.includes(one.type));
    }

    update(outline) {
      const choices = this.choices(outline);
      const looks = JSON.stringify([this.value, choices.map((one) => [one.id, outlineOf.name(one)])]);
      if (looks === this.drawn) return;
      this.drawn = looks;
      const parts = this.extra.multiple ? this.drawTicks(choices) : this.drawSelect(choices);
      this.element.replaceChildren(this.input, parts);
    }

    drawSelect(choices) {
      const missing = this.value && !choices.some((one) => one.id === this.value);
      return select({ id: this.idForLabel, onchange: (event) => this.keep(event.target.value || null) },
        [["", "Nothing chosen"], ...(missing ? [[this.value, "Something that is not there any more"]] : []),
          ...choices.map((one) => [one.id, outlineOf.name(one)])], this.value || "");
    }

    drawTicks(choices) {
      const chosen = [].concat(this.value || []);
      if (!choices.length) return make("p", { class: "help" }, "There is no earlier number yet.");
      return make("div", { class: "hub-rule__ticks" }, choices.map((one) => make("label", {}, make("input", { type: "checkbox",
        checked: chosen.includes(one.id),
        onchange: (event) => {
          const now = new Set([].concat(this.value || []));
          if (event.target.checked) now.add(one.id); else now.delete(one.id);
          this.keep([...now]);
        } }), " ", outlineOf.name(one))));
    }

    keep(value) {
      this.value = value;
      this.input.value = value && value.length ? JSON.stringify(value) : "";
      this.input.dispatchEvent(new Event("change", { bubbles: true }));
    }

    setState(state) {
      try {
        this.value = typeof state === "string" && state ? JSON.parse(state) : state || null;
      } catch (error) {
        this.value = null;
      }
      this.input.value = this.value ? JSON.stringify(this.value) : "";
      this.drawn = null;
    }

    getState() { return this.input.value; }
    getValue() { return this.value; }
    getTextLabel() { return ""; }
    focus() { const first = this.element.querySelector("select, input:not([type=hidden])"); if (first) first.focus(); }
  }

  function widget(Control) {
    return class {
      constructor(extra) { this.extra = extra || {}; }
      render(placeholder, name, id, initialState) {
        return new Control(placeholder, name, id, initialState, this.extra);
      }
    };
  }

  window.telepath.register("cms.widgets.Rule", widget(RuleControl));
  window.telepath.register("cms.widgets.RuleEffects", widget(EffectsControl));
  window.telepath.register("cms.widgets.Reference", widget(ReferenceControl));
})();
