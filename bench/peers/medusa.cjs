// Medusa's promotion module on a real PostgreSQL: computeActions with automatic promotions.
// Usage: node medusa.cjs scenes.json answers.json   ("database" in the first is the address of a database for this alone)
"use strict";
const fs = require("fs");
const path = require("path");
const { serve } = require("./node.cjs");
process.env.LOG_LEVEL = "error";
const { MedusaApp } = require("@medusajs/framework/modules-sdk");
const { createPgConnection, Modules } = require("@medusajs/framework/utils");

const resolve = path.dirname(require.resolve("@medusajs/promotion/package.json"));
const AT_ONCE = 500;
// Links between modules play no part where there is one module.
const links = { initialize: async () => ({}), getMigrationPlanner: () => undefined };
const silent = new Proxy({}, { get: () => () => undefined });

function promotion({ code, sku, percent }) {
  return {
    code,
    type: "standard",
    status: "active",
    is_automatic: true,
    application_method: {
      type: "percentage",
      value: Number(percent),
      target_type: "items",
      allocation: "each",
      max_quantity: 1000,
      currency_code: "BRL",
      target_rules: [{ attribute: "items.product.id", operator: "eq", values: [sku] }],
    },
  };
}

function basket(lines) {
  return {
    currency_code: "BRL",
    items: lines.map(({ sku, quantity, cents }) => ({
      id: sku,
      quantity,
      subtotal: (cents * quantity) / 100,
      original_total: (cents * quantity) / 100,
      is_discountable: true,
      product: { id: sku },
    })),
  };
}

async function main() {
  const settings = JSON.parse(fs.readFileSync(process.argv[2]));
  const connection = createPgConnection({ clientUrl: settings.database });
  const app = await MedusaApp({
    modulesConfig: {
      [Modules.PROMOTION]: { resolve, options: { database: { clientUrl: settings.database } } },
      [Modules.LINK]: links,
    },
    injectedDependencies: { __pg_connection__: connection, logger: silent },
    sharedResourcesConfig: { database: { clientUrl: settings.database } },
  });
  await app.runMigrations();
  await app.onApplicationStart();
  const service = app.modules.promotion;
  await serve(settings, {
    version: require("@medusajs/promotion/package.json").version,
    prepare: async ({ campaigns, lines }) => {
      const before = await service.listPromotions({}, { select: ["id"], take: null });
      if (before.length) await service.deletePromotions(before.map(({ id }) => id));
      for (let first = 0; first < campaigns.length; first += AT_ONCE) {
        await service.createPromotions(campaigns.slice(first, first + AT_ONCE).map(promotion));
      }
      await connection.raw("ANALYZE");
      const context = basket(lines);
      return () => service.computeActions([], context);
    },
    discounts: (actions) => {
      const cents = {};
      for (const { item_id: sku, amount } of actions) {
        cents[sku] = (cents[sku] ?? 0) + Math.round(Number(amount) * 100);
      }
      return cents;
    },
  });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
