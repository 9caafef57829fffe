"""Pictures of products stand on servers of the chain's choice: pages that show gifts let them in, and nothing else."""

SHOWS_PICTURES = {"img-src": ["https:"]}
