// The place in the console, kept in the address: #records?pattern=event/**&name=event/1
// It contains nothing secret, and survives a reload. Each view has its own parameters; those of
// the other views are remembered until the page is closed.

const remembered = new Map();  // text of the parameters, by view

function read() {
  const [view, parameters] = location.hash.slice(1).split(/\?(.*)/s);
  return { view, parameters: new URLSearchParams(parameters ?? "") };
}

export const view = () => read().view;
export const parameter = (name) => read().parameters.get(name);

/// The address of a view with these parameters; empty ones are left out.
export function address(view, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(given).toString();
  return "#" + view + (text ? "?" + text : "");
}

/// Moves to a view, with the parameters that it had last. The browser's back button returns.
export function setView(view) {
  const now = read();
  if (now.view === view) return;
  if (!now.view) return history.replaceState(null, "", "#" + view);
  remembered.set(now.view, now.parameters.toString());
  const text = remembered.get(view);
  history.pushState(null, "", "#" + view + (text ? "?" + text : ""));
}

/// Sets parameters of the current view; empty values remove them.
export function setParameters(values) {
  const { view, parameters } = read();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(name, value);
    else parameters.delete(name);
  }
  const text = parameters.toString();
  history.replaceState(null, "", "#" + view + (text ? "?" + text : ""));
}
