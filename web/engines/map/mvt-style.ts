/** Vector tiles of others in our colours: the layer names of Protomaps and OpenMapTiles, which most archives follow. */
import type { FeatureLike } from 'ol/Feature.js'
import { Fill, Stroke, Style, Text } from 'ol/style.js'
import { fontFamily, mapColor, type ThemeName } from '../../base/theme.ts'
import { roadWidthPx } from './district-paint.ts'

type RoadClass = Parameters<typeof roadWidthPx>[0]

const roadClasses: Record<string, RoadClass> = {
  motorway: 'express',
  trunk: 'express',
  highway: 'express',
  primary: 'arterial',
  major_road: 'arterial',
  secondary: 'secondary',
  tertiary: 'secondary',
  medium_road: 'secondary',
}
const greenKinds = new Set([
  'park',
  'wood',
  'forest',
  'grass',
  'grassland',
  'garden',
  'nature_reserve',
  'scrub',
  'cemetery',
  'recreation_ground',
  'pitch',
  'farmland',
])

/** `metresPerPx` is asked anew for each style: widths follow the zoom. */
export function createMvtStyle({ theme, sizeScale, metresPerPx }: { theme: ThemeName; sizeScale: number; metresPerPx: () => number }) {
  const tone = mapColor[theme]
  const kept = new Map<string, Style>()
  const keep = (key: string, make: () => Style) => kept.get(key) ?? kept.set(key, make()).get(key)!
  const filled = (style: string, zIndex: number) => keep(`fill ${style} ${zIndex}`, () => new Style({ fill: new Fill({ color: style }), zIndex }))
  const lined = (style: string, width: number, zIndex: number) =>
    keep(`line ${style} ${width.toFixed(1)}`, () => new Style({ stroke: new Stroke({ color: style, width, lineCap: 'round', lineJoin: 'round' }), zIndex }))
  const named = (name: string, style: string, sizePx: number, placement: 'line' | 'point') =>
    keep(
      `name ${name} ${style} ${placement}`,
      () =>
        new Style({
          text: new Text({
            text: name,
            font: `${sizePx * sizeScale}px ${fontFamily}`,
            placement,
            fill: new Fill({ color: style }),
            stroke: new Stroke({ color: tone.halo, width: 3 * sizeScale }),
          }),
        }),
    )

  return (feature: FeatureLike): Style[] => {
    const layer = String(feature.get('layer'))
    const kind = String(feature.get('kind') ?? feature.get('class') ?? '')
    const name = String(feature.get('name:zh') ?? feature.get('name') ?? '')
    const geometry = feature.getGeometry()?.getType() ?? ''
    if (geometry.endsWith('Polygon')) {
      if (layer === 'water') return [filled(tone.water, 2)]
      if (layer === 'building' || layer === 'buildings') return [filled(tone.block, 1)]
      if (greenKinds.has(kind)) return [filled(tone.green, 0)]
      return []
    }
    if (geometry.endsWith('LineString')) {
      if (layer === 'water' || layer === 'waterway') return [lined(tone.water, 2 * sizeScale, 2), ...(name ? [named(name, tone.labelWater, 12, 'line')] : [])]
      if (kind === 'rail') return [lined(tone.rail, 1.4 * sizeScale, 5)]
      if (layer !== 'roads' && layer !== 'transportation' && layer !== 'transportation_name') return []
      const roadClass = roadClasses[kind] ?? 'lane'
      const label = name ? [named(name, tone.labelRoad, 12, 'line')] : []
      if (layer === 'transportation_name') return label
      const zIndex = { lane: 3, secondary: 4, arterial: 6, express: 7 }[roadClass]
      return [lined(tone[roadClass], roadWidthPx(roadClass, metresPerPx()) * sizeScale, zIndex), ...label]
    }
    return (layer === 'places' || layer === 'place') && name ? [named(name, tone.labelStation, 13, 'point')] : []
  }
}
