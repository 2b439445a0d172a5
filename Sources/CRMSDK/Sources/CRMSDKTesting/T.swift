// SDK testing
