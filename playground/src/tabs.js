/**
 * Tabs as the ARIA Authoring Practices describe them: arrows, Home and End go from one to the next.
 * @param {HTMLElement} list
 * @param {() => void} shown
 */
export function tabs(list, shown) {
  const all = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("[role=tab]")]);
  const panel = (/** @type {HTMLElement} */ tab) => tab.getAttribute("aria-controls") ?? "";
  const select = (/** @type {string} */ id) => {
    for (const tab of all) {
      const isSelected = panel(tab) === id;
      tab.setAttribute("aria-selected", String(isSelected));
      tab.tabIndex = isSelected ? 0 : -1;
      const part = document.getElementById(panel(tab));
      if (part) part.hidden = !isSelected;
    }
    shown();
  };
  for (const [index, tab] of all.entries()) {
    tab.onclick = () => select(panel(tab));
    tab.onkeydown = (event) => {
      const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: -1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      const target = /** @type {HTMLElement} */ (all.at(next % all.length));
      target.focus();
      select(panel(target));
    };
  }
  return select;
}
