"""HTTP contract as an OpenAPI document. `make openapi` writes docs/openapi.yaml.

bodies.py      what requests and answers hold: their fields, with the types and bounds of src
operations.py  what each route of template.yaml takes, answers and refuses
openapi.py     the document: routes and gateway responses of template.yaml, with these two
"""
