//! Home of the tests that need the whole of actum; see the files beside this folder.
