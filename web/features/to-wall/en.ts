import type { SameShape } from '../../base/i18n.ts'
import type { zh } from './zh.ts'

export const en: SameShape<typeof zh> = {
  send: 'To wall',
  wall: 'Wall {wall}',
  sent: 'On wall {wall}, tile {tile}',
  sentMany: '{count|camera|cameras} on wall {wall}',
  leftOut: '; no free tile for {count}',
  full: 'Wall {wall} has no free tile: empty one there first',
  go: 'Go to the wall',
  wereOpen: 'Wall {walls} had a window; a browser opens none by itself',
  reopen: 'Open wall {walls} again',
  reopenBlocked: 'The browser blocked a window: click again, or allow pop-ups of this site',
  reopenNot: 'Do not offer again',
}
