"""Emptying the cache leaves the queue, and other caches on the same server, as they were."""

import pytest
from django.conf import settings
from django.core.cache import cache

from cms import rediscache

pytestmark = pytest.mark.skipif(not settings.REDIS_URL, reason="only where Redis is")


def test_emptying_the_cache_leaves_what_else_is_in_redis(monkeypatch):
    monkeypatch.setattr(rediscache, "AT_ONCE", 2)  # several batches, the last one not full
    server = cache._cache.get_client(write=True)
    server.set("huey.waiting-task", b"work")
    for number in range(5):
        cache.set(f"song-{number}", number, 60)

    assert cache.clear() is True

    assert cache.get_many([f"song-{number}" for number in range(5)]) == {}
    assert server.get("huey.waiting-task") == b"work"
    server.delete("huey.waiting-task")
    assert cache.clear() is True  # with nothing in it
