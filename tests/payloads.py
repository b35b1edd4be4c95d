"""Forty ways in which somebody may try to make a page run what they typed."""

#: Each sets `window.__x` when it is run; `%d` is its number.
_RUN = "window.__x=(window.__x||[]).concat(%d)"
XSS = tuple(
    template.replace("RUN", _RUN % number)
    for number, template in enumerate(
        (
            "<script>RUN</script>",
            "</script><script>RUN</script>",
            "</title><script>RUN</script>",
            "</textarea><script>RUN</script>",
            "</style><script>RUN</script>",
            "--><script>RUN</script>",
            "]]><script>RUN</script>",
            "<ScRiPt>RUN</sCrIpT>",
            "<script/x>RUN</script>",
            "<script\n>RUN</script\n>",
            "<scr<script>ipt>RUN</scr</script>ipt>",
            "<img src=x onerror=RUN>",
            '"><img src=x onerror=RUN>',
            "'><img src=x onerror=RUN>",
            "<img src=x onerror='RUN'//",
            "<img/src=x/onerror=RUN>",
            "<svg onload=RUN>",
            "<svg><script>RUN</script></svg>",
            "<svg><animate onbegin=RUN attributeName=x dur=1s>",
            "<svg><a xlink:href='javascript:RUN'><text>x</text></a></svg>",
            "<math><mtext><script>RUN</script></mtext></math>",
            "<body onload=RUN>",
            "<details open ontoggle=RUN>x</details>",
            "<input autofocus onfocus=RUN>",
            '" autofocus onfocus="RUN" x="',
            "' autofocus onfocus='RUN' x='",
            "<select autofocus onfocus=RUN>",
            "<video src=x onerror=RUN></video>",
            "<audio src=x onerror=RUN></audio>",
            "<iframe srcdoc='<script>parent.RUN</script>'></iframe>",
            '<iframe src="javascript:parent.RUN"></iframe>',
            '<object data="javascript:RUN"></object>',
            '<a href="javascript:RUN" autofocus onfocus=RUN>x</a>',
            "<style>@keyframes k{}</style><b style=animation-name:k onanimationstart=RUN>x</b>",
            "<template><script>RUN</script></template><img src=x onerror=RUN>",
            "{{constructor.constructor('RUN')()}}",
            "${RUN}",
            "\\u003cscript\\u003eRUN\\u003c/script\\u003e",
            "&lt;script&gt;RUN&lt;/script&gt;",
            '";RUN;//',
        )
    )
)
