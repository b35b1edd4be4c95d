"""Answers that a person wrote into a file, brought into the shape that a walk reads.

A file may name questions and options by key or by id, and may write the one item of a repeated
step without the list around it. Pure; unknown names are left as they are and change nothing.
"""


def normal(form: dict, answers: dict) -> dict:
    """The answers by question key, options by key, repeated steps as lists under their own key."""
    result, flat = {}, _readers(form)
    steps = {step["id"]: step["key"] for step in form["steps"]} | {
        step["key"]: step["key"] for step in form["steps"]
    }
    repeated = {
        question["key"]: step["key"]
        for step in form["steps"]
        if step["repeat"]
        for question in step["questions"]
    }
    singles: dict[str, dict] = {}
    for name, value in answers.items():
        if name in flat:
            key, question = flat[name]
            if key in repeated:
                singles.setdefault(repeated[key], {})[key] = _option(question, value)
            else:
                result[key] = _option(question, value)
        elif name in steps and isinstance(value, list):
            result[steps[name]] = [
                {
                    flat[inner][0]: _option(flat[inner][1], answer)
                    for inner, answer in item.items()
                    if inner in flat
                }
                for item in value
                if isinstance(item, dict)
            ]
        else:
            result[name] = value
    for step_key, item in singles.items():
        result.setdefault(step_key, [item])
    return result


def _readers(form: dict) -> dict[str, tuple[str, dict]]:
    found = {}
    for step in form["steps"]:
        for question in step["questions"]:
            found[question["id"]] = found[question["key"]] = (question["key"], question)
    return found


def _option(question: dict, value: object) -> object:
    """Option ids become option keys; everything else stays."""
    keys = {option["id"]: option["key"] for option in question["options"] or []}
    if isinstance(value, list):
        return [keys.get(one, one) if isinstance(one, str) else one for one in value]
    return keys.get(value, value) if isinstance(value, str) else value
