/** The package has no types of its own. */
declare module 'polylabel' {
  /** The point inside a polygon that is farthest from its border; `precision` in the polygon's own units. */
  export default function polylabel(polygon: readonly (readonly (readonly [number, number])[])[], precision?: number): [number, number] & { distance: number }
}
