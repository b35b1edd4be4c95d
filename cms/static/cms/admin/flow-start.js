/* A drawing that is wider than its window opens where the process begins, not on empty space. */
(() => {
  "use strict";
  document.querySelectorAll(".flow-scroll").forEach((region) => {
    const first = region.querySelector(".flow__form rect, .flow__box rect");
    if (!first) return;
    const box = first.getBoundingClientRect();
    const seen = region.getBoundingClientRect();
    region.scrollLeft += box.left + box.width / 2 - seen.left - seen.width / 2;
  });
})();
