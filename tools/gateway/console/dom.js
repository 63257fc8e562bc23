// Elements. All text is set as text, so the content of a record is never interpreted as markup.

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value;
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

export const byId = (id) => document.getElementById(id);

export const element = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);

export const drawing = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

/// Shows a problem in its notice, or hides the notice if `problem` is null.
export function showProblem(node, problem) {
  showText(node, problem ? problem.message : "", true);
}

/// Shows a text in its notice, or hides the notice if the text is empty.
export function showText(node, text, isBad = false) {
  node.hidden = !text;
  node.classList.toggle("bad", isBad);
  node.textContent = text;
}

/// Downloads a text as a file.
export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = element("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  URL.revokeObjectURL(url);
}

/// Returns a function that calls `task` once with the next frame, however often it is called.
export function oncePerFrame(task) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      task();
    });
  };
}

/// Returns a function that calls `task` once within `ms`, however often it is called.
export function atMostEvery(ms, task) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    setTimeout(() => {
      isAsked = false;
      task();
    }, ms);
  };
}
