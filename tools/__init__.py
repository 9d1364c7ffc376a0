"""Tools that make, try and measure the template: `just` lists them."""
