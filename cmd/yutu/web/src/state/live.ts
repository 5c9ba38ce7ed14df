import type { TilesEvent } from '../api/types'

/** What the open map does with news from the event stream; replaced by the map while one is on the page. */
export const live: { tiles: (e: TilesEvent) => void; reset: () => void } = { tiles: () => {}, reset: () => {} }
