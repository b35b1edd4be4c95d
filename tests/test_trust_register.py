"""Every model says whether it holds data of families; a new one that does not fails the build."""

from django.apps import apps
from django.db import models

from cms.erasing import stores
from cms.erasing.register import NOBODY, PERSONAL, unknown
from cms.erasing.stores import ORDER
from cms.roles import personal_models


def test_every_model_is_in_the_register():
    assert unknown() == [], "\n".join(unknown())


def test_a_new_model_fails_with_what_to_do():
    class Meta:
        app_label = "workflows"
        managed = False

    model = type("Fingerprint", (models.Model,), {"__module__": "workflows.models", "Meta": Meta})
    try:
        assert unknown([model]) == [
            (
                "workflows.Fingerprint is not in the register of personal data. Say in "
                "cms/erasing/register.py what it holds: under PERSONAL with its store, when a row is "
                "about a family (and then make a store find and erase it), or under NOBODY with the "
                "reason."
            )
        ]
    finally:
        del apps.all_models["workflows"]["fingerprint"]
        apps.clear_cache()


def test_nothing_is_registered_that_is_not_there():
    there = {model._meta.label for model in apps.get_models()}
    named = {label for label in [*PERSONAL, *NOBODY] if "*" not in label}

    assert named - there == set()


def test_what_staff_reach_by_scope_alone_is_personal():
    """Teachers, groups and sessions are staff's and the hub's own; the rest is about families."""
    ours = {model._meta.label for model in personal_models()} - set(PERSONAL)

    assert ours == {
        "cms.Teacher",
        "cms.Training",
        "cms.MusicGroup",
        "workflows.AppointmentSession",
    }


def test_each_store_of_the_register_can_be_looked_into():
    named = {store for store, _what in PERSONAL.values()} - {"Ledger of erasures"}

    assert named <= set(stores)
    assert set(stores) == set(ORDER)
