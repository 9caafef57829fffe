// Vendure's OrderCalculator with its own conditions and actions; what it asks of the database is answered from memory.
// Usage: node vendure.cjs scenes.json answers.json
"use strict";
const fs = require("fs");
const { serve } = require("./node.cjs");
const dist = "@vendure/core/dist";
const { ensureConfigLoaded, getConfig } = require(`${dist}/config/config-helpers`);
const { OrderCalculator } = require(`${dist}/service/helpers/order-calculator/order-calculator`);
const { containsProducts } = require(`${dist}/config/promotion/conditions/contains-products-condition`);
const { productsPercentageDiscount } = require(`${dist}/config/promotion/actions/product-percentage-discount-action`);
const { Order, OrderLine, ProductVariant, Promotion, Surcharge, TaxRate, Zone } = require("@vendure/core");

const zone = new Zone({ id: "1", name: "Brazil" });
const channel = { id: "1", pricesIncludeTax: true, defaultTaxZone: zone };
const context = { channelId: "1", channel, languageCode: "en", currencyCode: "BRL" };

function promotion({ code, sku, percent }) {
  const ids = { name: "productVariantIds", value: JSON.stringify([sku]) };
  return new Promotion({
    id: code,
    name: code,
    enabled: true,
    priorityScore: 1,
    promotionConditions: [containsProducts],
    promotionActions: [productsPercentageDiscount],
    conditions: [{ code: containsProducts.code, args: [{ name: "minimum", value: "1" }, ids] }],
    actions: [{ code: productsPercentageDiscount.code, args: [{ name: "discount", value: percent }, ids] }],
  });
}

function order(lines) {
  return new Order({
    id: "1",
    couponCodes: [],
    surcharges: [],
    shippingLines: [],
    modifications: [],
    lines: lines.map(
      ({ line, sku, quantity, cents }) =>
        new OrderLine({
          id: String(line),
          quantity,
          orderPlacedQuantity: 0,
          listPrice: cents,
          listPriceIncludesTax: true,
          adjustments: [],
          taxLines: [],
          taxCategoryId: "1",
          productVariant: new ProductVariant({ id: sku, sku }),
        }),
    ),
  });
}

async function main() {
  await ensureConfigLoaded();
  const { taxOptions, orderOptions } = getConfig();
  const rate = new TaxRate({ id: "1", name: "none", value: 0, enabled: true, zone, category: { id: "1" } });
  const calculator = new OrderCalculator(
    { taxOptions, orderOptions },
    { getAllWithMembers: async () => [zone] },
    { getApplicableTaxRate: async () => rate },
    {},
    {},
    { get: (_context, _key, make) => make() },
  );
  await serve(JSON.parse(fs.readFileSync(process.argv[2])), {
    version: require("@vendure/core/package.json").version,
    prepare: async ({ campaigns, lines }) => {
      const promotions = campaigns.map(promotion);
      // One order for all calls: the calculator clears a line's adjustments before it works them out.
      const placed = order(lines);
      return () => calculator.applyPriceAdjustments(context, placed, promotions);
    },
    discounts: (result) =>
      Object.fromEntries(
        result.lines
          .map((line) => [line.productVariant.sku, -line.adjustments.reduce((sum, { amount }) => sum + amount, 0)])
          .filter(([, cents]) => cents),
      ),
  });
}

main();
