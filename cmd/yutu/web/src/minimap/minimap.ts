import * as maplibregl from 'maplibre-gl'
import workerURL from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import type { LayerSpecification } from 'maplibre-gl'
import published from '../../style.json'
import './minimap.css'
import { alternative, asCollection, boxOf, type Collection } from './describe'

/**
 * Draws the features of every `<div class="minimap" data-geojson="URL">` on a small paper map. A reader
 * without WebGL2, or with a screen reader, gets the same in words.
 */
maplibregl.setWorkerUrl(workerURL)

const zh = !document.documentElement.lang.toLowerCase().startsWith('en')
const say = {
  failed: zh ? '位置图没有载入。' : 'The map did not load.',
  noWebGL: zh ? '这个浏览器不支持 WebGL2，位置图从略。' : 'This browser has no WebGL2, so the map is left out.',
}

function note(el: HTMLElement, text: string): void {
  const p = document.createElement('p')
  p.className = 'minimap-note'
  p.textContent = text
  el.after(p)
}

async function draw(el: HTMLElement): Promise<void> {
  const url = el.dataset.geojson
  if (!url) return
  let data: Collection
  try {
    const res = await fetch(url, { headers: { Accept: 'application/geo+json' } })
    if (!res.ok) throw new Error(String(res.status))
    const got = (await res.json()) as unknown
    data = asCollection(got)
  } catch {
    el.hidden = true
    note(el, say.failed)
    return
  }
  const box = boxOf(data)
  const words = alternative(data, box, zh)
  el.setAttribute('role', 'region')
  el.setAttribute('aria-label', words)
  if (!box || !document.createElement('canvas').getContext('webgl2')) {
    el.hidden = true
    note(el, box ? `${say.noWebGL}${words}` : words)
    return
  }
  const many = data.features.length > 1
  const joined = { 'line-join': 'round' } as const
  const holder = document.createElement('div')
  el.replaceChildren(holder)
  const map = new maplibregl.Map({
    container: holder,
    bounds: box,
    fitBoundsOptions: { padding: 28, maxZoom: 15 },
    attributionControl: false,
    dragRotate: false,
    scrollZoom: false, // a page that scrolls must not be caught by its picture
    touchPitch: false,
    fadeDuration: 0,
    locale: { 'Map.Title': words },
    style: {
      version: 8,
      sources: { divisions: { type: 'vector', url: around }, it: { type: 'geojson', data: data as never } },
      layers: [
        ...(published.layers as LayerSpecification[]).filter((l) => l.type !== 'symbol'),
        ...(many ? [] : [{ id: 'fill', type: 'fill' as const, source: 'it', paint: { 'fill-color': '#ffffff', 'fill-opacity': 0.75, 'fill-antialias': false } }]),
        ...(many ? [] : [{ id: 'halo', type: 'line' as const, source: 'it', layout: joined, paint: { 'line-color': '#fffdf7', 'line-width': 6 } }]),
        { id: 'edge', type: 'line', source: 'it', layout: joined, paint: many ? { 'line-color': '#545b57', 'line-width': 1 } : { 'line-color': '#b83227', 'line-width': 2.4 } },
        ...(published.layers as LayerSpecification[]).filter((l) => l.type === 'symbol'),
      ],
    },
  })
  map.on('idle', () => el.setAttribute('data-idle', ''))
  map.on('error', () => {})
}

/** The atlas around it, as the published style draws it; the tiles stand beside the folder this file is served from. */
const around = new URL(/* @vite-ignore */ '../tiles/divisions.json', import.meta.url).href

function start(): void {
  document.querySelectorAll<HTMLElement>('.minimap[data-geojson]').forEach((el) => void draw(el))
}
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start)
else start()
