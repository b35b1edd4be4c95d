"""What the linter says about words: asked twice, without a reason, too long, not translated.

Also what letters say: a placeholder that may be empty leaves its line out without a word.
"""

import re

from django.utils.html import strip_tags

from cms.mailmarkup import PLACEHOLDER

from .findings import WARNING, Finding, Report
from .possibilities import Possibilities

LONGEST_SENTENCE = 25
SENTENCE_ENDS = re.compile(r"(?<=[.!?])\s+|\n+|</p>|</li>|<br/?>")
ALWAYS_PERSONAL = ("name", "email", "phone", "uk_address", "uk_postcode", "school")
HEARD_AS_PERSONAL = re.compile(
    r"\b(birth|born|gender|ethnic\w*|religio\w*|disab\w*|allerg\w*|medic\w*|health|income|"
    r"benefits?|passport|national insurance|nationality)\b",
    re.IGNORECASE,
)
NOT_ASKED = ("info", "calculated", "declaration")
FROM_ROLES = {
    "contact_name": "Whose name the letters begin with",
    "contact_email": "Where letters are sent",
}


def lint_words(report: Report, compiled: dict, ways: Possibilities, emails: list | tuple) -> None:
    """Add what there is to say about the words of a compiled form and of its letters."""
    _ask_once(report, compiled, ways)
    for step in compiled["steps"]:
        _long_sentences(report, step.get("intro"), step)
        for question in step.get("questions") or []:
            _question(report, step, question)
    _mails(report, compiled, emails)
    _translations(report, compiled, emails)


def _question(report: Report, step: dict, question: dict) -> None:
    own = question.get("settings") or {}
    if is_personal(question) and not own.get("reason"):
        report.add(
            "no_reason",
            "This asks for personal details but does not say why you need them. "
            "Fill in “Why we ask”.",
            step,
            question,
            level=WARNING,
        )
    if question["type"] == "file":
        missing = [
            words
            for name, words in (
                ("types", "which kinds of file"),
                ("max_mb", "how large"),
                ("max_files", "how many"),
            )
            if not own.get(name)
        ]
        if missing:
            report.add(
                "no_limits",
                f"It does not say {_listed(missing)} may be sent. Set the limits.",
                step,
                question,
                level=WARNING,
            )
    for text in (question.get("label"), question.get("help")):
        _long_sentences(report, text, step, question)


def is_personal(question: dict) -> bool:
    """Whether the answer says something about a person, by its author's word or by its nature."""
    own = question.get("settings") or {}
    if "personal" in own:
        return bool(own["personal"])
    if question["type"] in NOT_ASKED:
        return False
    return (
        question["type"] in ALWAYS_PERSONAL
        or bool(own.get("restricted"))
        or bool(HEARD_AS_PERSONAL.search(question.get("label") or ""))
    )


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _long_sentences(
    report: Report, text: str | None, step: dict, question: dict | None = None
) -> None:
    for sentence in SENTENCE_ENDS.split(text or ""):
        words = strip_tags(sentence).split()
        if len(words) > LONGEST_SENTENCE:
            report.add(
                "long_sentence",
                f"A sentence has {len(words)} words: “{' '.join(words[:6])}…”. "
                f"Make it {LONGEST_SENTENCE} or fewer.",
                step,
                question,
                level=WARNING,
            )


def _meaning(question: dict) -> list[tuple[str, str]]:
    """What a question asks for, in ways that two questions can share."""
    own = question.get("settings") or {}
    words = " ".join(re.findall(r"\w+", (question.get("label") or "").casefold()))
    found = [("words", f"{question['type']} {words}")] if words else []
    if own.get("role"):
        found.append(("role", own["role"]))
    if own.get("autocomplete"):
        found.append(("autocomplete", own["autocomplete"]))
    return found


def _ask_once(report: Report, compiled: dict, ways: Possibilities) -> None:
    seen: dict[tuple[str, str], tuple[dict, dict]] = {}
    for step in compiled["steps"]:
        for question in step.get("questions") or []:
            if question["type"] in NOT_ASKED:
                continue
            for meaning in _meaning(question):
                first = seen.setdefault(meaning, (step, question))
                if first[1] is question or not ways.can_meet(first[0], step):
                    continue
                if first[0] is not step and meaning[0] == "words" and step.get("repeat"):
                    continue  # "Date of birth" of a parent, then of each child
                report.add(
                    "asked_twice",
                    f"This seems to ask what “{first[1]['label']}” in step "
                    f"“{first[0]['title']}” asks already. Ask once, or make the words differ.",
                    step,
                    question,
                    level=WARNING,
                )
                break


def _mails(report: Report, compiled: dict, emails: list | tuple) -> None:
    placed = {
        question["key"]: (step, question)
        for step in compiled["steps"]
        for question in step.get("questions") or []
    }
    roles = {
        (question.get("settings") or {}).get("role"): (step, question)
        for step, question in placed.values()
    }
    for mail in emails:
        names = PLACEHOLDER.findall(f"{mail.get('subject', '')}\n{mail.get('body', '')}")
        for name in dict.fromkeys(names):
            step, question = placed.get(name) or roles.get(name) or (None, None)
            if question is None:
                if name in FROM_ROLES:
                    _on_mail(
                        report,
                        mail,
                        "mail_no_source",
                        f"It uses “{name}”, but no question is marked “{FROM_ROLES[name]}”. "
                        "Mark one.",
                    )
                continue
            if _may_be_empty(step, question):
                _on_mail(
                    report,
                    mail,
                    "mail_may_be_empty",
                    f"It uses “{question['label']}”, which may have no answer: that line is then "
                    "left out. Make the question required, or word the letter without it.",
                )


def _on_mail(report: Report, mail: dict, code: str, message: str) -> None:
    report.append(Finding(WARNING, code, f"E-mail “{mail['key']}”", message))


def _may_be_empty(step: dict, question: dict) -> bool:
    return bool(
        not question.get("required")
        or (question.get("show_if") or {}).get("clauses")
        or (step.get("show_if") or {}).get("clauses")
    )


def _translations(report: Report, compiled: dict, emails: list | tuple) -> None:
    """Every language that the form has words in, or promises in `settings.languages`."""
    own = compiled.get("settings") or {}
    given = compiled.get("translations") or {}
    for language in dict.fromkeys([*(own.get("languages") or []), *given]):
        words = given.get(language) or {}
        steps, questions = words.get("steps") or {}, words.get("questions") or {}
        for step in compiled["steps"]:
            if not (steps.get(step["key"]) or {}).get("title"):
                _untranslated(report, language, step)
            for question in step.get("questions") or []:
                if not _is_translated(question, questions.get(question["key"]) or {}):
                    _untranslated(report, language, step, question)
        written = {mail["key"] for mail in emails if mail.get("locale") == language}
        for mail in emails:
            if not mail.get("locale") and mail["key"] not in written:
                _on_mail(
                    report,
                    mail,
                    "not_translated",
                    f"It has no words in “{language}”, so families get the English ones. Add them.",
                )


def _is_translated(question: dict, words: dict) -> bool:
    """Its label, its help where it has one, and each of its options."""
    options = words.get("options") or {}
    return (
        bool(words.get("label"))
        and (bool(words.get("help")) or not question.get("help"))
        and all(
            (options.get(option["key"]) or {}).get("label")
            for option in question.get("options") or []
        )
    )


def _untranslated(report: Report, language: str, step: dict, question: dict | None = None) -> None:
    report.add(
        "not_translated",
        f"There are no words in “{language}”, so families see the English ones. Add them.",
        step,
        question,
        level=WARNING,
    )
