"""The prover: complete search for proofs and counterexamples, each proof left as a certificate for the checker."""
