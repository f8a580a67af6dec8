// Draw a tree of elements and keep what has not changed: `h` says what there should be, `patch` makes it so.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element to be: a tag, its attributes and children. `on...` are handlers, `key` names it among its siblings, and
 * the children of one with `elsewhere` are left to whoever paints them.
 */
export function h(tag, attributes, ...children) {
  return { tag, attributes: attributes || {}, children: children.flat(4) };
}

/** Make the children of `parent` what `wanted` says. */
export function patch(parent, wanted, space = parent.namespaceURI === SVG ? SVG : null) {
  const old = parent.painted || new Map();
  const now = new Map();
  let next = parent.firstChild;
  wanted.forEach((item, i) => {
    if (item === null || item === undefined || item === false) return;
    const text = typeof item !== "object";
    const key = text ? `#${i}` : (item.attributes.key ?? `${item.tag}${i}`);
    let kid = old.get(key);
    if (kid && kid.tag === (text ? "#" : item.tag)) old.delete(key);
    else kid = made(item, text, space);
    if (text) {
      if (kid.text !== `${item}`) kid.node.data = kid.text = `${item}`;
    } else {
      apply(kid, item.attributes);
      const inner = item.tag === "foreignObject" ? null : kid.node.namespaceURI === SVG ? SVG : null;
      if (!item.attributes.elsewhere) patch(kid.node, item.children, inner);
      if (item.tag === "select") kid.node.value = item.attributes.value ?? "";
    }
    if (kid.node === next) next = next.nextSibling;
    else parent.insertBefore(kid.node, next);
    now.set(key, kid);
  });
  for (const gone of old.values()) gone.node.remove();
  parent.painted = now;
}

function made(item, text, space) {
  if (text) return { tag: "#", node: document.createTextNode("") };
  const inside = item.tag === "svg" ? SVG : space;
  const node = inside ? document.createElementNS(inside, item.tag) : document.createElement(item.tag);
  return { tag: item.tag, node, attributes: {} };
}

function apply(kid, attributes) {
  const { node, attributes: old } = kid;
  for (const name in old) if (!(name in attributes)) put(node, name, null);
  for (const name in attributes) {
    const value = attributes[name];
    if (old[name] !== value || name === "value" || name === "checked") put(node, name, value);
  }
  kid.attributes = attributes;
}

function put(node, name, value) {
  if (name === "key" || name === "elsewhere") return;
  if (name.startsWith("on")) node[name.toLowerCase()] = value;
  else if (name === "value") {
    if (node !== document.activeElement || node.type === "range" || node.tagName === "SELECT") node.value = value ?? "";
  } else if (name === "checked" || name === "disabled" || name === "open") node[name] = Boolean(value);
  else if (value === null || value === undefined || (value === false && !/^(data|aria)-/.test(name))) node.removeAttribute(name);
  else if (/^(data|aria)-/.test(name)) node.setAttribute(name, `${value}`);
  else node.setAttribute(name, value === true ? "" : value);
}

const ruler = document.createElement("canvas").getContext("2d");
const widths = new Map();

/** Width of a text in pixels. */
export function width(text, size, weight = 400, family = SANS) {
  const key = `${weight}|${family}|${text}`;
  if (!widths.has(key)) {
    if (widths.size > 5000) widths.clear();
    ruler.font = `${weight} 100px ${family}`;
    widths.set(key, ruler.measureText(text).width / 100);
  }
  return widths.get(key) * size;
}

export const SANS = "'Inter', 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif";
export const SERIF = "'Charter', 'Source Serif 4', Georgia, 'Liberation Serif', 'Times New Roman', serif";

/** The first of some wordings that fits into a width; nothing where none does. */
export const fitting = (wordings, size, room, weight = 400) => wordings.find((text) => width(text, size, weight) <= room) ?? "";

/** A rim of paper around words that stand on the map. */
export const HALO = { stroke: "#fbfaf7", "stroke-width": 5, "stroke-linejoin": "round", "paint-order": "stroke" };

/** A text broken into lines that fit. */
export function broken(text, size, most, weight = 400, family = SANS) {
  const lines = [];
  for (const word of `${text}`.split(" ")) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && width(longer, size, weight, family) <= most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** SVG text of one or more lines; `style` may hold size, weight, fill, anchor, family, leading and lines (at most). */
export function words(text, x, y, style = {}, most = Infinity) {
  const { size = 16, weight = 400, fill = "#1f2733", anchor = "start", family = SANS, leading = 1.25, lines = 9, ...more } = style;
  const rows = most === Infinity ? [text] : broken(text, size, most, weight, family).slice(0, lines);
  return h(
    "text",
    { x, y, fill, "font-size": size, "font-weight": weight, "font-family": family, "text-anchor": anchor, ...more },
    rows.map((row, i) => h("tspan", { x, y: y + i * size * leading }, row)),
  );
}
