from retail.models.catalogue import CatalogueChange, Category, Product
from retail.models.company import Clawback, Company, ExpiredRestore, ProofMethod
from retail.models.grouping import Grouping, ProductGrouping, StoreGrouping
from retail.models.price_change import PriceChange, PriceChangeLine, PriceField
from retail.models.sale import ExchangedItem, Payment, Sale, SaleLine, SaleState
from retail.models.sale_return import SaleReturn, SaleReturnLine
from retail.models.store import Store, Terminal, TotalsMode

__all__ = [
    "CatalogueChange",
    "Category",
    "Clawback",
    "Company",
    "ExchangedItem",
    "ExpiredRestore",
    "Grouping",
    "Payment",
    "PriceChange",
    "PriceChangeLine",
    "PriceField",
    "Product",
    "ProductGrouping",
    "ProofMethod",
    "Sale",
    "SaleLine",
    "SaleReturn",
    "SaleReturnLine",
    "SaleState",
    "Store",
    "StoreGrouping",
    "Terminal",
    "TotalsMode",
]
