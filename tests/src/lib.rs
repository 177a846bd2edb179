//! The project's tests over real services, and over the crates together.

#[cfg(test)]
mod certificates;
#[cfg(test)]
mod house;
#[cfg(test)]
mod language;
#[cfg(test)]
mod printed;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod service;
#[cfg(test)]
mod wording;
