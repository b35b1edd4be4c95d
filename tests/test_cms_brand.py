"""The Wagtail admin carries the hub's name, mark and colour, through the blocks it keeps for them."""


def test_signing_in_shows_the_hub_and_not_the_tool(client, db):
    html = client.get("/admin/login/").content.decode()

    assert "<h1>Sign in to Music Hub</h1>" in html
    assert 'class="mark"' in html
    assert "cms/css/brand.css" in html
    assert "cms/icons/favicon.svg" in html


def test_the_handbook_is_for_staff_only(client, db):
    response = client.get("/admin/handbook/")

    assert (response.status_code, response.url) == (302, "/admin/login/?next=/admin/handbook/")


def test_staff_find_the_handbook_in_the_help_menu(admin_client):
    assert "/admin/handbook/" in admin_client.get("/admin/").content.decode()
    assert b"Everything a page can be made of" in admin_client.get("/admin/handbook/").content
