"""Between the wire's messages and the plain data that scenarios and reports are made of."""
