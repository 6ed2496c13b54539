/** Texts on the map itself. */
import type { SameShape } from '../../base/i18n.ts'
import type { canvasZh } from './canvas.zh.ts'

export const canvasEn: SameShape<typeof canvasZh> = {
  label: 'Map with {count|camera|cameras}; choose one in the list on the left',
  noBaseMap: 'No base map: jurisdictions and cameras only',
  loadingBaseMap: 'Loading the base map',
  baseMap: 'Base map: {name} {date}',
  crs: { mercator: 'Web Mercator', wgs84: 'WGS-84 degrees', cgcs2000: 'CGCS2000', gcj02: 'GCJ-02', bd09: 'BD-09' },
  hover: {
    click: 'Click',
    live: 'live picture',
    drag: 'Drag',
    toWall: 'to the wall',
    heading: 'Looks {heading}',
    since: '{status} {duration}',
  },
}
