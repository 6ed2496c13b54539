/** The coordinate system of a base map, in words. */
import type { BaseMap } from '../../../server/contract/map.ts'
import type { MessageKey } from '../../base/i18n.ts'
import { crsOf } from '../../engines/map/index.ts'

const names = {
  'EPSG:3857': 'map.canvas.crs.mercator',
  'EPSG:4326': 'map.canvas.crs.wgs84',
  'EPSG:4490': 'map.canvas.crs.cgcs2000',
  'GCJ-02': 'map.canvas.crs.gcj02',
  'BD-09': 'map.canvas.crs.bd09',
} as const satisfies Record<string, MessageKey>

export const crsNameOf = (base: BaseMap): MessageKey => names[crsOf(base)]
