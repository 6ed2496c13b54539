/** The base map while the map is open: read, watched, and told what is wrong with it. Our own grid stands in for one that cannot be read. */
import type { EventsKey } from 'ol/events.js'
import { unByKey } from 'ol/Observable.js'
import type { Projection } from 'ol/proj.js'
import UrlTile from 'ol/source/UrlTile.js'
import type { LonLat } from '../../../server/contract/ids.ts'
import type { BaseMap } from '../../../server/contract/map.ts'
import { loadText } from '../../base/file.ts'
import { type BaseLayer, type BaseLook, createPaintedLayer, openBaseLayer } from './base-layer.ts'
import type { Line } from './district-paint.ts'

/** Which address could not be read, and why. */
export type BaseMapProblem = { readonly url: string; readonly detail: string }

/** So many tiles fail before the map says so, when none has come. One may be missing at the edge. */
const TELLING_FAILURES = 4

type Deps = {
  baseMap: BaseMap
  outline: Line | null
  projection: Projection
  resolutions: readonly number[]
  center: LonLat
  look(): BaseLook
  onOpen(base: BaseLayer): void
  onState(state: 'ready' | 'missing', problem?: BaseMapProblem): void
}

export function createBaseMap({ baseMap, outline, projection, resolutions, center, look, onOpen, onState }: Deps) {
  let isClosed = false
  let keys: EventsKey[] = []

  async function open(): Promise<void> {
    const url = 'url' in baseMap ? baseMap.url : ''
    let opened: BaseLayer
    let problem: BaseMapProblem | undefined
    try {
      opened = await openBaseLayer(baseMap, { outline, resolutions, center }, look())
    } catch (error) {
      problem = { url, detail: detailOf(error, url) }
      console.warn(`Base map ${url} could not be read: ${problem.detail}`)
      opened = createPaintedLayer(null, outline, projection, resolutions, look())
    }
    if (isClosed) return opened.layer.dispose()
    opened.setLook(look())
    onOpen(opened)
    if (problem || baseMap.kind === 'none') onState('missing', problem)
    else {
      watchTiles(opened)
      onState('ready')
    }
  }

  /** A service that gives no tile at all is missing, and is there again with the first that comes. */
  function watchTiles({ layer }: BaseLayer): void {
    const source = layer.getSource()
    if (!(source instanceof UrlTile)) return
    let failures = 0
    let isMissing = false
    keys = [
      source.on('tileloaderror', ({ tile }) => {
        failures++
        if (isMissing || failures < TELLING_FAILURES) return
        isMissing = true
        void tellTile(source.getTileUrlFunction()(tile.getTileCoord(), window.devicePixelRatio, projection) ?? '')
      }),
      source.on('tileloadend', () => {
        failures = 0
        if (isMissing) onState('ready')
        isMissing = false
      }),
    ]
    /** A picture does not say why it did not come: it is asked for once more, as text. */
    async function tellTile(url: string): Promise<void> {
      const detail = await loadText(url).then(
        () => 'no picture',
        (error: unknown) => detailOf(error, url),
      )
      if (isClosed || !isMissing) return
      console.warn(`Base map tile ${url} could not be read: ${detail}`)
      onState('missing', { url, detail })
    }
  }

  void open()
  return {
    close(): void {
      isClosed = true
      unByKey(keys)
    },
  }
}

/** The reason without the address, which is told beside it. A browser does not say more than "Failed to fetch" of a host it cannot reach or may not read. */
function detailOf(error: unknown, url: string): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(url, '').replace(/^[\s:]*(answered )?/, '') || 'unknown reason'
}
