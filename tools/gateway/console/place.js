// What is looked at, in the address: #records?pattern=event/**&name=event/1
// It has nothing secret, and survives a reload.

function read() {
  const [view, parameters] = location.hash.slice(1).split(/\?(.*)/s);
  return { view, parameters: new URLSearchParams(parameters ?? "") };
}

export const view = () => read().view;
export const parameter = (name) => read().parameters.get(name);

function write(view, parameters) {
  const text = parameters.toString();
  history.replaceState(null, "", "#" + view + (text ? "?" + text : ""));
}

export function setView(view) {
  write(view, read().parameters);
}

export function setParameter(name, value) {
  const { view, parameters } = read();
  if (value) parameters.set(name, value);
  else parameters.delete(name);
  write(view, parameters);
}
