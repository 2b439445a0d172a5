// ModuleLoader
