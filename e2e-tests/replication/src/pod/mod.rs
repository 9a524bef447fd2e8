//! The kubelet's part for one pod: sandbox, volumes, init containers in order, containers, probes, restarts, the end.
//!
//! [`Pod`] is what others hold of it; [`kubelet`] is its life, in a thread of its own, and [`container`] begins and
//! ends what runs in it.

mod container;
mod kubelet;
mod order;
mod status;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
};

use crate::rollout::Seen;

pub(crate) use self::{
    order::Order,
    status::{Stage, Status},
};

/// A running pod, as the controller and the scenarios see it.
#[derive(Debug, Clone)]
pub(crate) struct Pod {
    pub(crate) order: Arc<Order>,
    status: Arc<Mutex<Status>>,
    end: Arc<AtomicU8>,
    hold: Arc<AtomicBool>,
}

const STAY: u8 = 0;
const DELETE: u8 = 1;
const DELETE_NOW: u8 = 2;

impl Pod {
    pub(crate) fn start(order: Order, hold: bool) -> Self {
        let pod = Self {
            order: Arc::new(order),
            status: Arc::default(),
            end: Arc::new(AtomicU8::new(STAY)),
            hold: Arc::new(AtomicBool::new(hold)),
        };
        kubelet::start(pod.clone());
        pod
    }

    pub(crate) fn status(&self) -> Status {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes it: with its grace period, or at once.
    pub(crate) fn delete(&self, at_once: bool) {
        self.end.fetch_max(if at_once { DELETE_NOW } else { DELETE }, Ordering::SeqCst);
    }

    pub(crate) fn is_being_deleted(&self) -> bool {
        self.end.load(Ordering::SeqCst) != STAY
    }

    pub(crate) fn seen(&self) -> Seen {
        Seen { revision: self.order.revision, is_ready: self.lock().ready, is_ending: self.is_being_deleted() }
    }

    /// Is this container to start later?
    fn keeps_back(&self, container: &str) -> bool {
        self.hold.load(Ordering::SeqCst) && self.order.late == Some(container)
    }

    /// Lets the containers start that were kept back.
    pub(crate) fn release(&self) {
        self.hold.store(false, Ordering::SeqCst);
    }

    pub(crate) fn log_file(&self, container: &str) -> PathBuf {
        self.order.logs.join(format!("{container}.log"))
    }
}
