// A table that is wider than the window can be scrolled by keyboard too: Tab reaches it.
const wide = new ResizeObserver((seen) => {
  for (const { target } of seen) {
    if (target.scrollWidth > target.clientWidth) {
      target.tabIndex = 0;
      target.setAttribute("role", "region");
      target.setAttribute("aria-label", "Table");
    } else {
      ["tabindex", "role", "aria-label"].forEach((name) => target.removeAttribute(name));
    }
  }
});

// The theme puts each table into an element that scrolls.
document$.subscribe(() => {
  document.querySelectorAll(".md-typeset__scrollwrap").forEach((each) => wide.observe(each));
});
