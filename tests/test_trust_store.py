"""With S3_URL set nothing is kept on a web host's disk, and a backup holds what the store holds."""

import urllib.error
import urllib.request

import pytest

from tests.harness import a_hub
from tests.objectstore import a_store
from tests.test_cms_backup import manage
from tests.test_trust_fulldisk import stored, upload

pytestmark = pytest.mark.crash


def test_files_lie_in_the_store_alone_and_come_back_from_a_backup(tmp_path):
    with (
        a_store(tmp_path / "store") as url,
        a_hub(tmp_path, environment={"S3_URL": url}) as hub,
    ):
        hub.call("tests.backups:a_family_with_evidence")
        told = hub.call("tests.backups:answers_and_letters")
        folder = tmp_path / "copy"
        code, said = manage(hub, "backup", folder)
        assert code == 0, said
        code, said = manage(hub, "backup_check", folder)
        assert code == 0, said
        hub.call("tests.fulldisk:lose_every_file")
        assert manage(hub, "restore", folder, "--yes", "--no-safety-copy")[0] == 0
        assert hub.call("tests.backups:answers_and_letters") == told

        (family,) = hub.call("tests.fulldisk:families_with_a_letter", number=1)
        hub.start_web(workers=1)
        assert upload(hub, family)[0] == 303
        assert len(list((tmp_path / "store").iterdir())) == len(told) + 1
        assert stored(hub) == []
        assert not (hub.folder / "media").exists()
        # Without a signature nobody reads what is private.
        (name, *_others) = (path.name for path in (tmp_path / "store").iterdir())
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"http://{url.partition('@')[2].partition('?')[0]}/{name}")
