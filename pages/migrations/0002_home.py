"""A new hub begins with an empty home page of its own, in the place of Wagtail's welcome page."""

from django.db import migrations


def put_home_in_place(apps, schema_editor):
    ContentType = apps.get_model("contenttypes", "ContentType")
    Page = apps.get_model("wagtailcore", "Page")
    Site = apps.get_model("wagtailcore", "Site")
    HomePage = apps.get_model("pages", "HomePage")

    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    if site is None or site.root_page.content_type.model != "page" or site.root_page.numchild:
        return  # somebody has made a site already: it is theirs
    welcome = site.root_page
    content_type, _made = ContentType.objects.get_or_create(app_label="pages", model="homepage")
    home = HomePage(page_ptr_id=welcome.pk)
    for field in Page._meta.concrete_fields:
        setattr(home, field.attname, getattr(welcome, field.attname))
    home.title = home.draft_title = "Home"
    home.content_type_id = content_type.pk
    home.save()


class Migration(migrations.Migration):
    dependencies = [
        ("pages", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("wagtailcore", "0098_apitoken"),
    ]
    operations = [migrations.RunPython(put_home_in_place, migrations.RunPython.noop)]
