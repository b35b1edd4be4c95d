"""What gunicorn serves in a harness hub: the real application, after the patches of a test.

HUB_TEST_PATCHES names functions, "module:function,module:function", that a twin test uses to switch
a guard off. Nothing outside tests/ knows of it.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.hub_settings")

from cms.wsgi import application
from tests.hub_nursery import apply_patches

apply_patches(os.environ.get("HUB_TEST_PATCHES", "").split(","))

__all__ = ["application"]
