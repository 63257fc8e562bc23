// Tabs according to the ARIA authoring practices: one is in the tab order, arrow keys move.

/// Shows one of `views` ({name: {show, hide}}) at a time, while the page is visible. `chosen` is
/// called with the name of the view, before its `show`. Returns {select(name), reload()}.
export function startTabs(views, first, chosen) {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const nameOf = (tab) => tab.id.slice("tab-".length);
  let current = null;

  const select = (name) => {
    if (current === name) return;
    if (current && !document.hidden) views[current].hide();
    current = name;
    for (const tab of tabs) {
      const isSelected = nameOf(tab) === name;
      tab.setAttribute("aria-selected", String(isSelected));
      tab.tabIndex = isSelected ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isSelected;
    }
    chosen(name);
    if (!document.hidden) views[name].show();
  };

  /// Shows the current view again, because its parameters have changed.
  const reload = () => {
    if (document.hidden) return;
    views[current].hide();
    views[current].show();
  };

  for (const [index, tab] of tabs.entries()) {
    tab.type = "button";
    tab.addEventListener("click", () => select(nameOf(tab)));
    tab.addEventListener("keydown", (event) => {
      const target = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (target === undefined) return;
      event.preventDefault();
      const next = tabs[(target + tabs.length) % tabs.length];
      next.focus();
      select(nameOf(next));
    });
  }
  // A browser opens few connections to one host, so a hidden page keeps none.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) views[current].hide();
    else views[current].show();
  });
  select(first in views ? first : nameOf(tabs[0]));
  return { select, reload, current: () => current };
}
