//! Checks what the Azure templates deploy, as the Bicep compiler computes it, and how they are written.

mod deployed;
mod recipe;
mod templates;
