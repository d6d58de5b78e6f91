use actum::prelude::*;

struct Cart<T> {
    items: Vec<T>,
}

#[patch]
impl<T> Cart<T> {
    fn added(&mut self, item: T) {
        self.items.push(item);
    }
}

fn main() {}
