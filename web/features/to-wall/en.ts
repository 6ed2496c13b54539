import type { SameShape } from '../../base/i18n.ts'
import type { zh } from './zh.ts'

export const en: SameShape<typeof zh> = {
  send: 'To wall',
  wall: 'Wall {wall}',
  chooseTile: 'Choose a tile',
  chooseWall: 'Choose a wall',
  auto: 'To wall {wall}, any tile: a free one first, else the one nobody touched for longest',
  hint: 'Name: any tile. Small tile: that one',
  turning: 'rotating',
  open: 'open',
  notOpen: 'not open',
  here: 'this window',
  freeTile: 'Wall {wall}, tile {tile}, empty',
  takenTile: 'Wall {wall}, tile {tile}, instead of {name}',
  sameTile: 'Wall {wall}, tile {tile}, this camera already',
  unseen: 'a camera you may not see',
  sent: 'On wall {wall}, tile {tile}',
  sentReplaced: 'On wall {wall}, tile {tile}, instead of {name}',
  sentHeld: 'On wall {wall}: the rotation gives up tile {tile}',
  sentMany: '{count|camera|cameras} on wall {wall}',
  leftOut: '; no room for {count}',
  full: 'Wall {wall} has no free tile: empty one there first',
  go: 'Go to the wall',
}
