// SDK
