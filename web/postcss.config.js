/**
 * Every length in our style sheets is written for a desk (`scale` 1, as in the design) and multiplied by `--scale` here,
 * so that a wall of 3840 px at device pixel ratio 1 gets everything twice as large. Hairlines (1 px and less) stay hairlines times the scale too,
 * rounded by the browser. Lengths in `url()` and strings, and custom properties that start with `--raw-`, are left alone.
 */
const length = /(["'])(?:\\.|(?!\1).)*\1|url\([^)]*\)|(?<![\w.#-])(-?(?:\d+\.?\d*|\.\d+))px\b/g

const scaleLengths = {
  postcssPlugin: 'mapwall-scale',
  Declaration(declaration) {
    if (!declaration.value.includes('px') || declaration.prop.startsWith('--raw-') || declaration.value.includes('var(--scale')) return
    const scaled = declaration.value.replace(length, (whole, _quote, number) =>
      number === undefined || Number(number) === 0 ? whole : `calc(${number}px * var(--scale, 1))`,
    )
    if (scaled !== declaration.value) declaration.value = scaled
  },
}

export default { plugins: [scaleLengths] }
