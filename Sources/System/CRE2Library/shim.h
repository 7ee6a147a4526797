/* RE2 is C++: what Swift sees of it is in CRE2. This module only carries the library's link flags. */
