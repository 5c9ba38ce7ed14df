import { describe, expect, it } from 'vitest'
import type { AreaGeometry, Position } from '../api/events'
import { between, difference, nearest, roughMetres, sharedBorder } from './border'

//  0,2──1,2──2,2
//   │  A │  B │     their border bends at 1.2,1
//  0,0──1,0──2,0
const A: AreaGeometry = { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1.2, 1], [1, 2], [0, 2], [0, 0]]] }
const B: AreaGeometry = { type: 'MultiPolygon', coordinates: [[[[1, 0], [2, 0], [2, 2], [1, 2], [1.2, 1], [1, 0]]]] }
const flat = (p: Position): [number, number] => [p[0], p[1]]

describe('sharedBorder', () => {
  it('is the stretch that both have, whole and in the order of the first', () => {
    expect(sharedBorder(A, B)).toEqual([[[1, 0], [1.2, 1], [1, 2]]])
    expect(sharedBorder(B, A)).toEqual([[[1, 2], [1.2, 1], [1, 0]]])
  })
  it('is not cut where the ring begins', () => {
    const C: AreaGeometry = { type: 'Polygon', coordinates: [[[1.2, 1], [1, 2], [0, 2], [0, 0], [1, 0], [1.2, 1]]] }
    expect(sharedBorder(C, B)).toEqual([[[1, 0], [1.2, 1], [1, 2]]])
  })
  it('has several stretches where a third lies between, and none for those apart', () => {
    const two: AreaGeometry = { type: 'Polygon', coordinates: [[[1, 0], [2, 0], [2, 2], [1, 2], [1, 1.5], [1.2, 1], [1.1, 0.5], [1, 0]]] }
    const other: AreaGeometry = { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1.1, 0.5], [0.9, 0.7], [1.2, 1], [1, 1.5], [1, 2], [0, 2], [0, 0]]] }
    expect(sharedBorder(other, two)).toEqual([[[1, 0], [1.1, 0.5]], [[1.2, 1], [1, 1.5], [1, 2]]])
    expect(sharedBorder(A, { type: 'Polygon', coordinates: [[[5, 5], [6, 5], [6, 6], [5, 5]]] })).toEqual([])
  })
  it('is the whole ring of an enclave', () => {
    const hole = [[0.2, 0.2], [0.2, 0.4], [0.4, 0.4], [0.2, 0.2]]
    const around: AreaGeometry = { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]], hole] }
    expect(sharedBorder({ type: 'Polygon', coordinates: [hole.slice().reverse()] }, around)).toEqual([hole.slice().reverse()])
  })
})

describe('nearest and between', () => {
  const line: Position[] = [[0, 0], [10, 0], [10, 10], [0, 10]]
  it('finds the place, and prefers a vertex within grab', () => {
    expect(nearest([4, 1], [line], flat)).toMatchObject({ position: [4, 0], segment: 0, along: 0.4, distance: 1 })
    expect(nearest([9.5, 1], [line], flat, 0.6)).toMatchObject({ position: [10, 1], segment: 1 })
    expect(nearest([9.9, -1], [line], flat, 0.6)).toMatchObject({ position: [10, 0] })
    expect(nearest([0, 0], [], flat)).toBeNull()
  })
  it('gives the vertices in between in both directions', () => {
    const a = nearest([4, 0], [line], flat)!
    const b = nearest([4, 10], [line], flat)!
    expect(between(line, a, b)).toEqual([[10, 0], [10, 10]])
    expect(between(line, b, a)).toEqual([[10, 10], [10, 0]])
    expect(between(line, a, nearest([10, 0], [line], flat)!)).toEqual([])
  })
})

describe('difference', () => {
  it('is nothing for the same area however it is written', () => {
    expect(difference(A, { type: 'MultiPolygon', coordinates: [[[[1, 0], [1.2, 1], [1, 2], [0, 2], [0, 0], [1, 0]]]] })).toEqual([])
  })
  it('is the strip between an old and a new border, closed', () => {
    const moved: AreaGeometry = { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1.5, 1], [1, 2], [0, 2], [0, 0]]] }
    const [ring, ...rest] = difference(A, moved)
    expect(rest).toEqual([])
    expect(ring![0]).toEqual(ring![ring!.length - 1])
    expect(new Set(ring!.map((p) => p.join()))).toEqual(new Set(['1,0', '1.2,1', '1,2', '1.5,1']))
  })
})

it('roughMetres is right to half a per cent', () => {
  // 1° of latitude at 29.5° is 110.85 km on the ellipsoid.
  expect(Math.abs(roughMetres([[120, 29], [120, 30]]) / 110_850 - 1)).toBeLessThan(0.005)
})
