import type { Page } from '@playwright/test'
import { mapIdle, type World } from './fixtures'
import { timeScreens, unitScreens } from './past.screens'
import { changeScreens } from './screens-changes'
import type { Service } from './service'

export interface Stage {
  page: Page
  demo: Service
  empty: Service
  world: World
  lang: 'zh' | 'en'
}

/** Every screen, once, for the accessibility check and for the pictures. */
export interface Screen {
  name: string
  open: (s: Stage) => Promise<void>
  /** Console errors that belong to the screen. */
  noisy?: boolean
}

/** An event stream that stays open and says only what it is given. */
export const stream = (page: Page, events: { event: string; data: unknown }[] = []) =>
  page.addInitScript((events) => {
    class Stream extends EventTarget {
      static readonly OPEN = 1
      static readonly CLOSED = 2
      readonly readyState = 1
      constructor() {
        super()
        setTimeout(() => {
          this.dispatchEvent(new Event('open'))
          for (const e of events) this.dispatchEvent(new MessageEvent(e.event, { data: JSON.stringify(e.data) }))
        }, 300)
      }
      close(): void {}
    }
    Object.assign(window, { EventSource: Stream })
  }, events)

export async function openSignIn(page: Page, lang: 'zh' | 'en'): Promise<void> {
  await page.getByRole('button', { name: lang === 'zh' ? '登录' : 'Sign in', exact: true }).click()
  await page.locator('dialog h2').waitFor()
}

/** Signs the browser in without the sheet. */
export async function signedIn(page: Page, demo: Service, account: string): Promise<void> {
  const res = await page.request.post(`${demo.url}/api/v1/session`, { data: { name: account, password: 'yutu-demo' } })
  if (!res.ok()) throw new Error(`signing in as ${account}: ${res.status()} ${await res.text()}`)
}

/** What a refusal looks like, without spending the attempts that the service allows. */
const refuseSignIn = (page: Page, status: number, [title, detail]: string[]) =>
  page.route('**/api/v1/session', (r) =>
    r.request().method() === 'POST'
      ? r.fulfill({ status, headers: status === 429 ? { 'Retry-After': '119' } : {}, contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', title, status, detail }) })
      : r.fallback(),
  )

async function tryToSignIn(page: Page, demo: Service, lang: 'zh' | 'en'): Promise<void> {
  await page.goto(`${demo.url}/#lang=${lang}`)
  await mapIdle(page)
  await openSignIn(page, lang)
  await page.locator('input[name=username]').fill('wangxiuying')
  await page.locator('input[name=password]').fill('not the password')
  await page.keyboard.press('Enter')
  await page.locator('.acct-error').waitFor()
}

export const screens: Screen[] = [
  {
    name: 'atlas',
    open: async ({ page, demo, lang }) => {
      await page.goto(`${demo.url}/#lang=${lang}`)
      await mapIdle(page)
    },
  },
  {
    name: 'atlas-details-township',
    open: async ({ page, demo, lang, world }) => {
      await page.goto(`${demo.url}/#select=${world.townships[0]!.code}&lang=${lang}`)
      await page.locator('aside.details dl').waitFor()
      await mapIdle(page)
    },
  },
  {
    name: 'atlas-details-village',
    open: async ({ page, demo, lang, world }) => {
      const res = await page.request.get(`${demo.url}/api/v1/divisions/${world.townships[1]!.code}`)
      const village = ((await res.json()) as { children: { code: string }[] }).children[0]!
      await page.goto(`${demo.url}/#select=${village.code}&lang=${lang}`)
      await page.locator('aside.details dl').waitFor()
      await mapIdle(page)
    },
  },
  {
    name: 'atlas-list-and-details',
    open: async ({ page, demo, lang, world }) => {
      await page.goto(`${demo.url}/#select=${world.townships[2]!.code}&sheet=list&lang=${lang}`)
      await page.locator('[role=treeitem][aria-selected=true]').waitFor()
      await mapIdle(page)
    },
  },
  {
    name: 'atlas-search',
    open: async ({ page, demo, lang, world }) => {
      await page.goto(`${demo.url}/#lang=${lang}`)
      await mapIdle(page)
      await page.getByRole('combobox').fill(world.townships[0]!.name.slice(0, 1))
      await page.getByRole('option').first().waitFor()
    },
  },
  {
    name: 'atlas-search-nothing-found',
    open: async ({ page, demo, lang }) => {
      await page.goto(`${demo.url}/#lang=${lang}`)
      await mapIdle(page)
      await page.getByRole('combobox').fill('未有之地')
      await page.locator('.search .note:not(:has(.bone))').waitFor()
    },
  },
  {
    name: 'atlas-earlier-date',
    open: async ({ page, demo, lang, world }) => {
      await page.goto(`${demo.url}/#at=${world.before.date}&lang=${lang}`)
      await page.locator('.banner').waitFor()
      await mapIdle(page)
    },
  },
  {
    name: 'atlas-calendar',
    open: async ({ page, demo, lang }) => {
      await page.goto(`${demo.url}/#lang=${lang}`)
      await mapIdle(page)
      await page.locator('.date .value').click()
      await page.locator('.el-picker-panel').waitFor()
      await page.waitForTimeout(400)
    },
  },
  {
    name: 'atlas-missing-unit',
    noisy: true,
    open: async ({ page, demo, lang }) => {
      await page.goto(`${demo.url}/#select=999999999999&lang=${lang}`)
      await page.locator('aside.details .problem').waitFor()
      await mapIdle(page)
    },
  },
  {
    name: 'atlas-degraded',
    open: async ({ page, demo, lang }) => {
      await stream(page)
      await page.route('**/api/v1/status*', async (r) => {
        const res = await r.fetch()
        await r.fulfill({ response: res, json: { ...(await res.json()), degraded: true, degraded_since: '2026-11-23T22:04:00Z' } })
      })
      await page.goto(`${demo.url}/#lang=${lang}`)
      await page.locator('.banner').waitFor()
      await mapIdle(page)
    },
  },
  {
    name: 'atlas-notices',
    open: async ({ page, demo, lang }) => {
      await stream(page, [{ event: 'tiles', data: { tileset: 'divisions', seq: 2, ranges: [] } }])
      await page.goto(`${demo.url}/#lang=${lang}`)
      await mapIdle(page)
      await page.getByRole('button', { name: lang === 'zh' ? /通知/ : /Notices/ }).click()
      await page.getByRole('dialog').locator('li').first().waitFor()
    },
  },
  {
    name: 'sign-in',
    open: async ({ page, demo, lang }) => {
      await page.goto(`${demo.url}/#lang=${lang}`)
      await mapIdle(page)
      await openSignIn(page, lang)
      await page.locator('dialog .demo button').last().waitFor()
    },
  },
  {
    name: 'sign-in-wrong',
    noisy: true,
    open: async ({ page, demo, lang }) => {
      await refuseSignIn(page, 401, lang === 'zh' ? ['账号或密码不正确', '请检查后重试。忘记密码请联系管理员重置。'] : ['Wrong name or password', 'Check both and try again. If you forgot the password, ask an administrator for a new one.'])
      await tryToSignIn(page, demo, lang)
    },
  },
  {
    name: 'sign-in-locked',
    noisy: true,
    open: async ({ page, demo, lang }) => {
      await refuseSignIn(page, 429, lang === 'zh' ? ['登录尝试过多', '多次登录失败，请 2 分钟后再试。'] : ['Too many attempts', 'Too many attempts failed. Try again in 2 minutes.'])
      await tryToSignIn(page, demo, lang)
    },
  },
  {
    name: 'account-menu',
    open: async ({ page, demo, lang }) => {
      await signedIn(page, demo, 'editor')
      await page.goto(`${demo.url}/#lang=${lang}`)
      await mapIdle(page)
      await page.locator('.account-place button.room').click()
      await page.getByRole('dialog').waitFor()
    },
  },
  {
    name: 'accounts',
    open: async ({ page, demo, lang }) => {
      await signedIn(page, demo, 'admin')
      await page.goto(`${demo.url}/#view=accounts&lang=${lang}`)
      await page.locator('tbody tr').nth(5).waitFor()
    },
  },
  {
    name: 'accounts-add',
    open: async ({ page, demo, lang }) => {
      await signedIn(page, demo, 'admin')
      await page.goto(`${demo.url}/#view=accounts&lang=${lang}`)
      await page.getByRole('button', { name: lang === 'zh' ? '新建账号' : 'Add account' }).click()
      await page.locator('dialog option').nth(8).waitFor({ state: 'attached' })
    },
  },
  {
    name: 'accounts-manage',
    open: async ({ page, demo, lang }) => {
      await signedIn(page, demo, 'admin')
      await page.goto(`${demo.url}/#view=accounts&lang=${lang}`)
      await page.locator('tr', { hasText: 'planner' }).getByRole('button').click()
      await page.locator('dialog option').nth(8).waitFor({ state: 'attached' })
    },
  },
  {
    name: 'accounts-stranger',
    open: async ({ page, demo, lang }) => {
      await page.goto(`${demo.url}/#view=accounts&lang=${lang}`)
      await page.locator('main h1').waitFor()
    },
  },
  {
    name: 'atlas-no-webgl',
    open: async ({ page, demo, lang, world }) => {
      await page.addInitScript(() => {
        const get = HTMLCanvasElement.prototype.getContext
        HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, kind: string, ...rest: unknown[]) {
          return kind === 'webgl2' ? null : (get as (...a: unknown[]) => unknown).call(this, kind, ...rest)
        } as typeof get
      })
      await page.goto(`${demo.url}/#lang=${lang}`)
      await page.getByRole('treeitem', { name: world.townships[0]!.name }).waitFor()
    },
  },
  {
    name: 'data',
    open: async ({ page, demo, lang }) => {
      await page.goto(`${demo.url}/#view=data&lang=${lang}`)
      await page.locator('table').waitFor()
    },
  },
  {
    name: 'empty',
    open: async ({ page, empty, lang }) => {
      await page.goto(`${empty.url}/#lang=${lang}`)
      await page.locator('h1').waitFor()
    },
  },
  {
    name: 'error-unreachable',
    noisy: true,
    open: async ({ page, demo, lang }) => {
      await page.route('**/api/v1/**', (r) => r.abort())
      await page.goto(`${demo.url}/#lang=${lang}`)
      await page.locator('h1').waitFor()
    },
  },
  ...timeScreens,
  ...unitScreens,
  {
    name: 'ogc-item',
    open: async ({ page, demo, world, lang }) => {
      await page.goto(`${demo.url}/ogc/collections/divisions/items/${world.townships[0]!.id}?f=html&lang=${lang}`)
      await page.locator('.minimap[data-idle]').waitFor({ timeout: 40_000 })
    },
  },
  {
    name: 'ogc-items',
    open: async ({ page, demo, lang }) => {
      await page.goto(`${demo.url}/ogc/collections/divisions/items?f=html&lang=${lang}`)
      await page.locator('.minimap[data-idle]').waitFor({ timeout: 40_000 })
    },
  },
  {
    name: 'ogc-landing',
    open: async ({ page, demo, lang }) => {
      await page.goto(`${demo.url}/ogc?f=html&lang=${lang}`)
      await page.locator('h1').first().waitFor()
    },
  },
  ...changeScreens,
]
