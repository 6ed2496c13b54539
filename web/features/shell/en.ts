import type { SameShape } from '../../base/i18n.ts'
import type { zh } from './zh.ts'

export const en: SameShape<typeof zh> = {
  places: { map: 'Map' },
  onlineRateNow: 'Online now',
  onlineRateHint: '(online + degraded) ÷ (all − unknown − suspended)',
  countFilter: '{status} {count}, filter on the map',
  push: { live: 'Push live', connecting: 'Connecting', lost: 'Push lost' },
  pushAge: 'Last message {age}',
  pushLost: 'Push lost for {duration}; states shown are of {time}, reconnecting',
  serverLost: 'Server lost for {duration}, reconnecting; video may go on',
  recent: 'Recent',
  recentNone: 'No change of state yet',
  ticker: {
    recovered: '{name} back online after {duration}',
    online: '{name} online',
    became: '{name}: {status}',
    becameCause: '{name}: {status} · {cause}',
  },
  theme: { dark: 'Dark', light: 'Light', toDark: 'Switch to dark', toLight: 'Switch to light' },
  language: 'Language',
  size: 'Size',
  accountMenu: 'Account',
  shortcuts: 'Shortcuts',
  menu: 'Menu',
  skipToMain: 'Skip to main content',
  clock: 'Server time',
  notHere: { title: 'No such page', back: 'Back to the map' },
  noMapRight: { title: 'No map for this account', text: 'Pages of the {role} come with a later version' },
  keys: {
    search: 'Search', map: 'Go to map', back: 'One step back', sectors: 'Fields of view', help: 'Shortcuts', zoomIn: 'Zoom in', zoomOut: 'Zoom out', list: 'Move in the list', open: 'Open the chosen', afterwards: 'then',
  },
}
