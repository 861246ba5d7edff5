import type { Locator, Page } from 'playwright-core'

export interface Notifications {
  /** Those on screen, newest first. */
  all(): Promise<Notification[]>
  /** Waits until one with this text is shown. */
  shows(message: string | RegExp): Promise<void>
  press(message: string | RegExp, button: string): Promise<void>
  dismiss(message: string | RegExp): Promise<void>
}

export interface Notification {
  readonly severity: 'error' | 'warning' | 'info'
  readonly message: string
  readonly buttons: readonly string[]
}

/** A modal dialog: the kind that is asked before something irreversible. */
export interface Dialog {
  /** Message and detail, as lines. Waits until one is open. */
  text(): Promise<string>
  press(button: string): Promise<void>
}

export function notificationsOf(page: Page): Notifications {
  const toasts = page.locator('.notification-list-item')
  const toast = (message: string | RegExp): Locator => toasts.filter({ hasText: message }).first()
  return {
    all: () =>
      toasts.evaluateAll((elements) =>
        elements.map((element) => {
          const icon = element.querySelector('.notification-list-item-icon')?.className ?? ''
          const severity = /codicon-(error|warning)/.exec(icon)?.[1]
          return {
            severity: severity === 'error' || severity === 'warning' ? severity : 'info',
            message: element.querySelector('.notification-list-item-message')?.textContent ?? '',
            buttons: [...element.querySelectorAll('.monaco-button')].map(
              (button) => button.textContent ?? '',
            ),
          }
        }),
      ),
    shows: (message) => toast(message).waitFor(),
    press: (message, button) => toast(message).getByRole('button', { name: button, exact: true }).click(),
    dismiss: async (message) => {
      await toast(message).hover()
      await toast(message).getByRole('button', { name: 'Clear Notification' }).click()
    },
  }
}

export function dialogOf(page: Page): Dialog {
  const box = page.locator('.monaco-dialog-box')
  return {
    text: () => box.locator('.dialog-message-container').innerText(),
    press: (button) => box.getByRole('button', { name: button, exact: true }).click(),
  }
}
