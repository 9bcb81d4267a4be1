/**
 * Types of the widgets that `/widgets.js` defines. Copy this file into the sources of your page:
 *
 *     curl -o src/widgets.d.ts https://gateway.example/widgets.d.ts
 *
 * Each property reflects an attribute: `groupBy` is `group-by`. Null removes the attribute.
 */

export type Range = "7d" | "30d" | "90d" | "12mo";
export type Theme = "auto" | "light" | "dark";
export type Breakdown = "source" | "utmSource" | "utmMedium" | "utmCampaign";
export type Period = "day" | "week" | "month";
export type AppointmentType = "NP" | "F_U" | "ASC_FU" | "FU_TELE" | "PROCEDURE" | "PROV_USE" | "RAP_ACCESS";

/** The `detail` of a `gateway-load` event of appointments. */
export interface AppointmentsLoaded {
  total: number;
  successful: number;
  failed: number;
  pending: number;
}

/** The `detail` of a `gateway-load` event of integrations. */
export interface IntegrationsLoaded {
  total: number;
}

/** The `detail` of a `gateway-error` event: a code of the gateway, `NO_TOKEN`, `INVALID_ATTRIBUTE` or `UNREACHABLE`. */
export interface GatewayError {
  code: string;
  message: string;
}

export interface WidgetEvents<Loaded> {
  "gateway-load": CustomEvent<Loaded>;
  "gateway-error": CustomEvent<GatewayError>;
}

/** Properties of all widgets. */
export interface WidgetProperties {
  /** The widget key. It is no attribute, so that it never stands in markup. */
  token: string | null;
  /** Language of numbers and dates, such as `de`; by default the browser's. Words are English. */
  locale: string | null;
  /** Light or dark; by default as the page is. */
  theme: Theme | null;
  /** Seconds between queries, 10 to 86400; by default the widget queries once. */
  refresh: number | null;
  /** URL of the GraphQL API; by default that of the gateway that served the script. */
  endpoint: string | null;
}

/** Properties of all widgets that show appointments. */
export interface AppointmentsProperties extends WidgetProperties {
  /** Id of a connected integration. */
  integrationId: string | null;
  /** Whole days until yesterday, in the integration's time zone; by default `30d`. */
  range: Range | null;
  /** First day such as `2026-11-01`, instead of `range`. */
  start: string | null;
  /** Last day such as `2026-11-30`, instead of `range`. */
  end: string | null;
  /** Counts only appointments of this type. */
  appointmentType: AppointmentType | null;
  /** Counts only appointments with exactly this value in the breakdown. */
  source: string | null;
  utmSource: string | null;
  utmMedium: string | null;
  utmCampaign: string | null;
}

export interface AppointmentsTrendProperties extends AppointmentsProperties {
  /** What a bar of the chart is; by default a day. */
  groupBy: Period | null;
}

export interface AppointmentsBreakdownProperties extends AppointmentsProperties {
  /** What the table counts by; by default `source`. */
  by: Breakdown | null;
}

interface Widget<Loaded> extends HTMLElement {
  /** Query again. */
  reload(): void;
  addEventListener<Name extends keyof WidgetEvents<Loaded>>(
    type: Name,
    listener: (event: WidgetEvents<Loaded>[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

export interface AppointmentsTotal extends Widget<AppointmentsLoaded>, AppointmentsProperties {}
export interface AppointmentsTrend extends Widget<AppointmentsLoaded>, AppointmentsTrendProperties {}
export interface AppointmentsBreakdown extends Widget<AppointmentsLoaded>, AppointmentsBreakdownProperties {}
export interface IntegrationsList extends Widget<IntegrationsLoaded>, WidgetProperties {}

declare global {
  interface HTMLElementTagNameMap {
    "appointments-total": AppointmentsTotal;
    "appointments-trend": AppointmentsTrend;
    "appointments-breakdown": AppointmentsBreakdown;
    "integrations-list": IntegrationsList;
  }
}

/** What a template sets on each element: its properties, and listeners as React names them. */
export interface WidgetElements {
  "appointments-total": Partial<AppointmentsProperties> & Listeners<AppointmentsLoaded>;
  "appointments-trend": Partial<AppointmentsTrendProperties> & Listeners<AppointmentsLoaded>;
  "appointments-breakdown": Partial<AppointmentsBreakdownProperties> & Listeners<AppointmentsLoaded>;
  "integrations-list": Partial<WidgetProperties> & Listeners<IntegrationsLoaded>;
}

type Listeners<Loaded> = {
  [Name in keyof WidgetEvents<Loaded> as `on${Name}`]?: (event: WidgetEvents<Loaded>[Name]) => void;
};
type Name = keyof WidgetElements;

// @ts-ignore: the page may not use React.
declare module "react" {
  namespace JSX {
    // @ts-ignore
    type HTMLProps<Element> = import("react").DetailedHTMLProps<import("react").HTMLAttributes<Element>, Element>;
    type Widgets = { [Tag in Name]: HTMLProps<HTMLElementTagNameMap[Tag]> & WidgetElements[Tag] };
    interface IntrinsicElements extends Widgets {}
  }
}

// @ts-ignore: the page may not use Vue.
declare module "vue" {
  // @ts-ignore
  type HTMLProps = import("vue").HTMLAttributes & import("vue").PublicProps;
  type InVue<Key> = Key extends `ongateway-${infer Rest}` ? `onGateway${Capitalize<Rest>}` : Key;
  type Widgets = {
    [Tag in Name]: new () => {
      $props: HTMLProps & { [Key in keyof WidgetElements[Tag] as InVue<Key>]: WidgetElements[Tag][Key] };
    };
  };
  interface GlobalComponents extends Widgets {}
}
