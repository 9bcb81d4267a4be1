// Light or dark, as the page behind a widget is. A page shows it by its background, or says it by `color-scheme`.

const followers = new Map();
const observer = new MutationObserver(later);
const probe = document.createElement("span");
const schemes = new Map();
let isScheduled = false;

for (const event of ["load", "transitionend"]) document.addEventListener(event, later, true);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later);

/** Call `paint` now, and whenever the background behind a widget may have changed. */
export function follow(widget, paint) {
  followers.set(widget, paint);
  observer.observe(document.head, { attributes: true, childList: true, subtree: true });
  for (let each = widget; each; each = above(each)) observer.observe(each, { attributes: true });
  paint();
}

export function unfollow(widget) {
  followers.delete(widget);
  if (!followers.size) observer.disconnect();
}

/** Return "light" or "dark" after the background behind a widget, or null to inherit the page's `color-scheme`. */
export function findScheme(widget) {
  for (let each = widget; each; each = above(each)) {
    const { backgroundColor } = getComputedStyle(each);
    if (!schemes.has(backgroundColor)) schemes.set(backgroundColor, classify(backgroundColor, widget.shadowRoot));
    const scheme = schemes.get(backgroundColor);
    if (scheme) return scheme;
  }
  return null;
}

const above = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host;

/** Paint all followers once, before the next frame. */
function later() {
  if (isScheduled || !followers.size) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    for (const paint of followers.values()) paint();
  });
}

/** Return "light" or "dark" for a colour of any form, or null if it is rather transparent. The browser reads it. */
function classify(colour, root) {
  probe.style.color = `color-mix(in srgb, ${colour}, ${colour})`;
  root.append(probe);
  const [red, green, blue, alpha = 1] = getComputedStyle(probe).color.match(/[-+.\de]+/g).map(Number);
  probe.remove();
  if (alpha < 0.5) return null;
  return luminance(red, green, blue) < 0.2 ? "dark" : "light";
}

/** Return the relative luminance that WCAG defines. */
function luminance(...colour) {
  const [red, green, blue] = colour.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
