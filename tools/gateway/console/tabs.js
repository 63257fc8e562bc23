// Tabs, as the ARIA authoring practices have them: one is in the tab order, arrow keys move.

/// Shows one of `views` ({name: {show, hide}}) at a time, while the page is visible. Returns a
/// function that shows the view of a name.
export function startTabs(views, first, chosen) {
  const tabs = [...document.querySelectorAll("[role=tab]")];
  const nameOf = (tab) => tab.id.slice("tab-".length);
  let current = null;

  const select = (name) => {
    if (current === name) return;
    if (current && !document.hidden) views[current].hide();
    current = name;
    for (const tab of tabs) {
      const isIt = nameOf(tab) === name;
      tab.setAttribute("aria-selected", String(isIt));
      tab.tabIndex = isIt ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isIt;
    }
    chosen(name);
    if (!document.hidden) views[name].show();
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
  // A browser opens few connections to one host: a page that nobody sees is to have none.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) views[current].hide();
    else views[current].show();
  });
  select(first in views ? first : nameOf(tabs[0]));
  return select;
}
